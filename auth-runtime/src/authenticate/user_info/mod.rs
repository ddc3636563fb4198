//! Claims of an issuer about a caller beyond the credential. They are loaded when a handler first needs them.

mod error;
mod info;
mod on_demand;

pub(crate) use self::on_demand::OnDemand;
pub use self::{
    error::UserInfoError,
    info::UserInfo,
    on_demand::{LoadingUserInfo, UserInfoSource},
};
