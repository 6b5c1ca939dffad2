//! Lists that JavaScript gives.

use napi::bindgen_prelude::{Array, FromNapiValue, TypeName, ValidateNapiValue};
use napi::sys::{napi_env, napi_value};
use napi::{Error, Result, Status, ValueType};
use std::ops::Deref;

/// The elements of an array. A `Vec` would take memory for the length that the array claims, which one without a single
/// element may claim to be 2^32-1: the process would end for want of 100 GB.
pub struct List<T>(Vec<T>);

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<T: FromNapiValue> FromNapiValue for List<T> {
    #[expect(unsafe_code, reason = "napi-rs declares it so; the caller's promise is handed on")]
    unsafe fn from_napi_value(env: napi_env, value: napi_value) -> Result<Self> {
        // SAFETY: `env` and `value` are those that the caller vouches for.
        let array = unsafe { Array::from_napi_value(env, value)? };
        let mut elements = Vec::new();
        for index in 0..array.len() {
            let hole = || Error::new(Status::InvalidArg, format!("element {index} of an array is missing"));
            elements.push(array.get::<T>(index)?.ok_or_else(hole)?);
        }
        Ok(Self(elements))
    }
}

impl<T> TypeName for List<T> {
    fn type_name() -> &'static str {
        Vec::<u8>::type_name()
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl<T: FromNapiValue> ValidateNapiValue for List<T> {
    #[expect(unsafe_code, reason = "as above")]
    unsafe fn validate(env: napi_env, value: napi_value) -> Result<napi_value> {
        // SAFETY: as above.
        unsafe { Vec::<T>::validate(env, value) }
    }
}
