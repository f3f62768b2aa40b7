//! A payout whose letter was lost on the way is found.

use tidings::{Service, Storage, alert};
use tidings_test::World;

use crate::stage::{MINUTE, Stage, TODAY, others, settings};

tidings_test::on_both!(a_payout_without_its_letter_is_an_alert_until_it_has_one);

async fn alerts(stage: &Stage) -> Vec<String> {
    let open = alert::open(&stage.service()).await.expect("the alerts");
    let found = open.into_iter().filter(|one| one.kind == "detector");
    found.map(|one| one.subject).collect()
}

/// X-21, B-28: nobody takes the command that asks for the letter.
async fn a_payout_without_its_letter_is_an_alert_until_it_has_one(storage: Storage) {
    let mut services = vec![accounting::service(settings()), Service::new("ear")];
    services.extend(others());
    let mut stage = Stage {
        world: World::on(storage, services).await,
    };
    stage.people().await;
    stage.work(1, 1, true).await;
    stage.close(TODAY).await;
    stage.advance(14 * MINUTE).await;
    assert_eq!(alerts(&stage).await, [""; 0]);
    stage.advance(2 * MINUTE).await;
    let [subject] = &alerts(&stage).await[..] else {
        panic!("{:?}", alerts(&stage).await);
    };
    assert!(
        subject.starts_with("payout without e-mail: payout "),
        "{subject}"
    );

    let mut tx = stage.service().begin_own().await.unwrap();
    let taken = "UPDATE payouts SET mail = 'taken'";
    tx.execute(taken, &[]).await.unwrap();
    tx.commit().await.unwrap();
    stage.advance(MINUTE).await;
    assert_eq!(alerts(&stage).await, [""; 0]);
}
