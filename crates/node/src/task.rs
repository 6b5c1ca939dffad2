//! Work on a pool thread, its panics contained.

use crate::failure::contained;
use napi::bindgen_prelude::{ToNapiValue, TypeName};
use napi::{Env, Result, Task};
use sealwright_core::fault::{FaultPoint, pass};

/// A closure whose result becomes a promise's value.
pub struct Work<F, T> {
    work: Option<F>,
    _value: std::marker::PhantomData<T>,
}

impl<F, T> Work<F, T> {
    pub(crate) fn new(work: F) -> Self {
        Self { work: Some(work), _value: std::marker::PhantomData }
    }
}

impl<F, T> Task for Work<F, T>
where
    F: FnOnce() -> Result<T> + Send,
    T: ToNapiValue + TypeName + Send + 'static,
{
    type Output = T;
    type JsValue = T;

    fn compute(&mut self) -> Result<T> {
        let work = self.work.take().ok_or_else(|| crate::failure::misuse("work that was done already"))?;
        contained(|| {
            pass(FaultPoint::Task);
            work()
        })
    }

    fn resolve(&mut self, _env: Env, output: T) -> Result<T> {
        Ok(output)
    }
}
