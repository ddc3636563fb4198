//! What an issuer knows of a caller beyond the credential. It is loaded when a handler first needs it.

mod error;
mod info;
mod on_demand;

pub(crate) use self::on_demand::OnDemand;
pub use self::{
    error::UserInfoError,
    info::UserInfo,
    on_demand::{LoadingUserInfo, UserInfoSource},
};
