//! Paying from the order's page, without a script.

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use tidings_test::Answer;

use crate::market::{KEPT, Market, Placed, UNTOUCHED, stranger};

async fn submit(market: &Market, order: &Placed, token: Option<&str>, form: &str) -> Answer {
    let mut request = Request::post(format!("/orders/{}/pay", order.id))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.body(Body::from(form.to_owned())).unwrap();
    market.world.call(request).await
}

#[tokio::test]
async fn the_form_pays_and_goes_back_to_the_order() {
    let mut market = Market::new().await;
    let order = market.order().await;
    let answer = submit(&market, &order, Some(&order.token), "token=tok_visa").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let back = format!("/orders/{}?paying=1", order.id);
    assert_eq!(answer.headers[header::LOCATION], back.as_str());
    market.world.settle().await;
    assert_eq!(market.book(&order).await, KEPT);
}

#[tokio::test]
async fn a_refused_payment_is_a_page_that_says_why_and_leads_back() {
    let mut market = Market::new().await;
    let order = market.order().await;
    market.pay_and_settle(&order, "tok_visa").await;
    let answer = submit(&market, &order, Some(&order.token), "token=tok_visa").await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert!(answer.text.contains("paid already"), "{}", answer.text);
    let back = format!("href=\"/orders/{}\"", order.id);
    assert!(answer.text.contains(&back), "{}", answer.text);
    assert_eq!(market.book(&order).await, KEPT);
}

#[tokio::test]
async fn whoever_has_not_signed_in_pays_nothing() {
    let mut market = Market::new().await;
    let order = market.order().await;
    let answer = submit(&market, &order, None, "token=tok_visa").await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(market.book(&order).await, UNTOUCHED);
}

#[tokio::test]
async fn the_form_for_somebody_elses_order_finds_nothing() {
    let mut market = Market::new().await;
    let order = market.order().await;
    let stranger = stranger(&market.world);
    let answer = submit(&market, &order, Some(&stranger), "token=tok_visa").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    market.world.settle().await;
    assert_eq!(market.book(&order).await, UNTOUCHED);
}

#[tokio::test]
async fn a_form_without_a_card_is_a_page_that_says_so() {
    let mut market = Market::new().await;
    let order = market.order().await;
    for form in ["", "token=", "token=%3Cscript%3E%20"] {
        let answer = submit(&market, &order, Some(&order.token), form).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{form}");
        assert!(!answer.text.contains("<script>"), "{}", answer.text);
    }
}
