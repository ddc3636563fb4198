//! The smallest service: `ALICE_PASSWORD='a long pass phrase' cargo run --bin hello`.

use auth_runtime::{prelude::*, users::MemoryUsers};
use poem::{Server, listener::TcpListener};
use poem_openapi::{OpenApi, payload::PlainText};

#[derive(Auth, Clone)]
struct Auth {
    #[scheme(basic)]
    password: Basic,
}

struct Hello;

#[protected]
#[OpenApi]
impl Hello {
    #[protected]
    #[oai(path = "/hello", method = "get")]
    async fn hello(&self, caller: Principal<Auth>) -> PlainText<String> {
        PlainText(format!("Hello, {}", caller.display_name()))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let password = std::env::var("ALICE_PASSWORD").map_err(|_| "ALICE_PASSWORD is not set")?;
    let auth = Auth { password: Basic::new(MemoryUsers::new().add("alice", &password)?) };
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".to_owned());
    println!("listening on http://127.0.0.1:{port}");
    Server::new(TcpListener::bind(format!("127.0.0.1:{port}"))).run(auth.service(Hello, "Hello", "1.0")).await?;
    Ok(())
}
