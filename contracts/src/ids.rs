//! Identifiers that cross a service border.

tidings::typed_id! {
    /// Names an account of the `auth` service.
    pub struct UserId;
}

tidings::typed_id! {
    /// Names a listing of the `tickets` service.
    pub struct TicketId;
}

tidings::typed_id! {
    /// Names an order of the `orders` service.
    pub struct OrderId;
}

tidings::typed_id! {
    /// Names one attempt to charge for an order, of the `payments` service.
    pub struct PaymentId;
}
