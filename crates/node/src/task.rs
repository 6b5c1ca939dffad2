//! Work on a pool thread, its panics contained.

use crate::failure::contained;
use napi::bindgen_prelude::{AsyncTask, ToNapiValue, Unknown};
use napi::{Env, Result, ScopedTask};
use sealwright_core::fault::{FaultPoint, pass};

/// Makes the value of the promise, on the JavaScript thread.
pub type Finish = Box<dyn for<'env> FnOnce(&'env Env) -> Result<Unknown<'env>> + Send>;

/// Work whose result becomes a promise's value. One type for all of it: napi-rs compiles the way through its pool anew
/// for each type of task.
pub struct Work(Option<Box<dyn FnOnce() -> Result<Finish> + Send>>);

impl Work {
    /// Work that gives the value itself.
    pub(crate) fn start<T>(work: impl FnOnce() -> Result<T> + Send + 'static) -> AsyncTask<Self>
    where
        T: ToNapiValue + Send + 'static,
    {
        Self::start_with(work, |_, value| Ok(value))
    }

    /// Work that gives what `finish` makes the value of.
    pub(crate) fn start_with<O, T>(
        work: impl FnOnce() -> Result<O> + Send + 'static,
        finish: impl FnOnce(Env, O) -> Result<T> + Send + 'static,
    ) -> AsyncTask<Self>
    where
        O: Send + 'static,
        T: ToNapiValue,
    {
        AsyncTask::new(Self(Some(Box::new(move || {
            let output = work()?;
            let finish: Finish = Box::new(move |env| finish(*env, output)?.into_unknown(env));
            Ok(finish)
        }))))
    }
}

impl<'task> ScopedTask<'task> for Work {
    type Output = Finish;
    type JsValue = Unknown<'task>;

    fn compute(&mut self) -> Result<Finish> {
        let work = self.0.take().ok_or_else(|| crate::failure::misuse("work that was done already"))?;
        contained(|| {
            pass(FaultPoint::Task);
            work()
        })
    }

    fn resolve(&mut self, env: &'task Env, finish: Finish) -> Result<Unknown<'task>> {
        contained(|| finish(env))
    }
}
