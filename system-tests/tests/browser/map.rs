//! The map: which services react when an order is paid, answered by clicking.

use crate::browser::Scripts;
use crate::stage::Stage;

const PHONE: u32 = 375;
const DESKTOP: u32 = 1280;

#[tokio::test]
async fn an_operator_finds_who_reacts_to_a_paid_order_on_the_map() {
    let stage = Stage::set().await;
    let operator = stage.browser(Scripts::On).await;
    operator.signs_up("olga@example.com").await;
    operator.open("/status").await;
    stage.promote("olga@example.com").await;
    operator.resize(DESKTOP).await;
    operator.open("/console/map").await;
    operator.arrives_at("Map").await;
    operator.shows(".flow svg", "notifications").await;
    operator.shows(".flow svg", "up to date").await;
    operator.fits().await;
    operator.resize(DESKTOP).await;

    let choose = "document.querySelector('#of').value = 'order.completed'";
    operator.script(choose).await.expect("to choose");
    operator.click("form.filters .button").await;
    operator.arrives_at("order.completed").await;
    for service in ["tickets", "expiration", "payments"] {
        operator.shows(".flow-readers", service).await;
        operator.shows(".flow svg", service).await;
    }
    // What they may publish in turn leads on.
    operator.click(".flow-readers a[href$='of=tickets']").await;
    operator.arrives_at("tickets").await;
    operator.fits().await;

    operator.resize(PHONE).await;
    operator.open("/console/map?of=order.completed").await;
    operator.arrives_at("order.completed").await;
    operator.shows(".flow-readers", "expiration").await;
    operator.fits().await;
    operator.open("/console/catalogue/order.completed/1").await;
    operator.arrives_at("order.completed").await;
    operator.fits().await;
}
