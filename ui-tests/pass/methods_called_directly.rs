use auth_runtime::{prelude::*, testing::principal};
use auth_ui_tests::Auth;
use poem_openapi::{OpenApi, param::Path, payload::PlainText};

struct Entries;

#[protected(permission("view"))]
#[OpenApi]
impl Entries {
    #[protected(check = caller.subject() == id.0)]
    #[oai(path = "/:id", method = "get")]
    async fn one(&self, caller: Principal<Auth>, id: Path<String>) -> poem::Result<PlainText<String>> {
        Ok(PlainText(format!("{} {}", caller.subject(), id.0)))
    }

    fn helper(&self) -> u8 {
        1
    }

    const LIMIT: u8 = 1;
}

fn main() {
    let caller = principal("basic", "alice", |identity| identity.role("Viewer"));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    // The method is unchanged: no guard, no check, its own return type.
    let answer: poem::Result<PlainText<String>> = runtime.block_on(Entries.one(caller, Path("1".to_owned())));
    assert_eq!(answer.unwrap().0, "alice 1");
    assert_eq!(Entries.helper(), Entries::LIMIT);
}
