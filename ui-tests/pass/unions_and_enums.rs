use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem_openapi::{Enum, NewType, Object, OpenApi, Union, param::Query, payload::Json};

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[oai(rename_all = "snake_case")]
enum Kind {
    Card,
    BankTransfer,
}

#[derive(NewType, Clone)]
struct Iban(String);

#[derive(Object, Clone)]
struct Card {
    number: String,
}

#[derive(Object, Clone)]
struct Transfer {
    iban: Iban,
}

#[derive(Union, Clone)]
#[oai(discriminator_name = "kind")]
enum Payment {
    Card(Card),
    Transfer(Transfer),
}

struct Payments;

#[protected]
#[OpenApi(prefix_path = "/payments")]
impl Payments {
    #[protected(any(role("Administrator"), check = *kind == Kind::Card))]
    #[oai(path = "/", method = "get")]
    async fn list(&self, Query(kind): Query<Kind>) -> Json<Vec<Payment>> {
        Json(match kind {
            Kind::Card => vec![Payment::Card(Card { number: "4111".into() })],
            Kind::BankTransfer => vec![Payment::Transfer(Transfer { iban: Iban("DE00".into()) })],
        })
    }

    #[protected(check = matches!(payment.0, Payment::Card(_)), permission("edit"))]
    #[oai(path = "/", method = "post")]
    async fn add(&self, payment: Json<Payment>) -> Json<Payment> {
        payment
    }
}

fn main() {
    let app = || auth().service(Payments, "Payments", "1.0");
    assert_eq!(status(app(), "GET /payments?kind=card", "alice."), 200);
    assert_eq!(status(app(), "GET /payments?kind=bank_transfer", "alice."), 403);
    assert_eq!(status(app(), "GET /payments?kind=bank_transfer", "alice.Administrator"), 200);
    assert_eq!(status(app(), "POST /payments", "alice.Viewer"), 403);
}
