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

tidings::typed_id! {
    /// Names a task of the `tasks` service.
    pub struct TaskId;
}

tidings::typed_id! {
    /// Names one dealing of all open tasks, of the `tasks` service.
    pub struct ShuffleId;
}

tidings::typed_id! {
    /// Names one movement of money, of the `accounting` service.
    pub struct TransactionId;
}

tidings::typed_id! {
    /// Names one payment to somebody at the end of a day, of the `accounting` service.
    pub struct PayoutId;
}

tidings::typed_id! {
    /// Names a platform of the register, of the `platforms` service.
    pub struct PlatformId;
}

tidings::typed_id! {
    /// Names a team that owns platforms, of the `platforms` service.
    pub struct TeamId;
}

tidings::typed_id! {
    /// Names one import of platforms, of the `platforms` service: the id of its operation.
    pub struct ImportId;
}

tidings::typed_id! {
    /// Names a command line of the repository, of the `commands` service.
    pub struct CommandId;
}

tidings::typed_id! {
    /// Names one use of a command line, of the `commands` service.
    pub struct UsageId;
}
