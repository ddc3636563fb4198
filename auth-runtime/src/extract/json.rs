//! The user of a caller as a part of an answer: `Json(user)` writes the user itself.

use std::borrow::Cow;

use poem_openapi::{
    registry::{MetaSchemaRef, Registry},
    types::{ToJSON, ToXML, Type},
};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::CurrentUser;

/// The schema of the user.
impl<U: Type> Type for CurrentUser<U> {
    const IS_REQUIRED: bool = U::IS_REQUIRED;

    type RawValueType = U::RawValueType;

    type RawElementValueType = U::RawElementValueType;

    fn name() -> Cow<'static, str> {
        U::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        U::schema_ref()
    }

    fn register(registry: &mut Registry) {
        U::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        U::as_raw_value(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        U::raw_element_iter(self)
    }

    fn is_empty(&self) -> bool {
        U::is_empty(self)
    }

    fn is_none(&self) -> bool {
        U::is_none(self)
    }
}

impl<U: ToJSON> ToJSON for CurrentUser<U> {
    fn to_json(&self) -> Option<Value> {
        U::to_json(self)
    }
}

impl<U: ToXML> ToXML for CurrentUser<U> {
    fn to_xml(&self) -> Option<Value> {
        U::to_xml(self)
    }
}

impl<U: Serialize> Serialize for CurrentUser<U> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        U::serialize(self, serializer)
    }
}
