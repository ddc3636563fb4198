use auth_runtime::prelude::*;
use auth_ui_tests::{Auth, auth, status};
use poem::{Body, Result, error::NotFoundError};
use poem_openapi::{
    OpenApi,
    param::{Header, Path},
    payload::{Attachment, AttachmentType, Binary, Response},
};

struct Reports {
    count: u64,
}

#[protected]
#[OpenApi(prefix_path = "/reports")]
impl Reports {
    #[permission("view")]
    #[oai(path = "/:id", method = "get")]
    async fn file(&self, Path(id): Path<u64>) -> Result<Attachment<Vec<u8>>> {
        if id >= self.count {
            return Err(NotFoundError.into());
        }
        Ok(Attachment::new(vec![0; 8]).attachment_type(AttachmentType::Attachment).filename(format!("{id}.bin")))
    }

    #[protected(check = *id < self.count)]
    #[oai(path = "/:id/raw", method = "get")]
    async fn raw(&self, Path(id): Path<u64>, range: Header<Option<String>>) -> Response<Binary<Body>> {
        Response::new(Binary(Body::from(vec![1; 8]))).header("x-range", range.0.unwrap_or_default())
    }
}

fn main() {
    let app = || auth().service(Reports { count: 2 }, "Reports", "1.0");
    assert_eq!(status(app(), "GET /reports/1", "alice.Viewer"), 200);
    assert_eq!(status(app(), "GET /reports/2", "alice.Viewer"), 404);
    assert_eq!(status(app(), "GET /reports/2", ""), 401);
    assert_eq!(status(app(), "GET /reports/1/raw", "alice."), 200);
    assert_eq!(status(app(), "GET /reports/2/raw", "alice."), 403);
}
