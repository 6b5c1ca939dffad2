//! Moving over: a ledger of another program is verified, held, and adopted or let go.

use crate::failure::{misuse, throw};
use crate::heads::NativeHead;
use crate::list::List;
use crate::open::NativeKnownHead;
use crate::task::Work;
use crate::text::number;
use crate::verify::{CancelFlag, parse_options};
use napi::Result;
use napi::bindgen_prelude::{AsyncTask, ClassInstance};
use napi_derive::napi;
use sealwright_core::chain::Head;
use sealwright_core::heads::{HeadStore as _, MemoryHeads};
use sealwright_core::ledger::Import;
use sealwright_core::verify::Watch;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A verified ledger. As long as it is held no session can open it.
#[napi]
pub struct NativeImport {
    import: Arc<Mutex<Option<Import>>>,
    path: String,
    report: String,
    heads: Vec<(String, Head)>,
}

#[napi]
impl NativeImport {
    /// Verifies a ledger in place, or while it is copied.
    #[napi(catch_unwind, ts_return_type = "Promise<NativeImport>")]
    pub fn verify(
        path: String,
        copy_to: Option<String>,
        options: String,
        cancel: ClassInstance<'_, CancelFlag>,
    ) -> Result<AsyncTask<Work>> {
        let (options, cancel) = (parse_options(&options)?, Arc::clone(&cancel.flag));
        let verify = move || {
            let mut watch = Watch { progress: None, cancel: Some(&cancel) };
            let import = Import::verify(Path::new(&path), copy_to.as_deref().map(Path::new), &options, &mut watch)
                .map_err(|error| throw(&error))?;
            let report = import.report().to_json().map_err(|error| throw(&error))?;
            Ok((import, report))
        };
        Ok(Work::start_with(verify, |_, (import, report)| {
            let (path, heads) = (import.path().to_string_lossy().into_owned(), import.heads());
            Ok(Self { import: Arc::new(Mutex::new(Some(import))), path, report, heads })
        }))
    }

    /// Where the ledger is to be, with every link resolved.
    #[napi(getter, catch_unwind)]
    pub fn path(&self) -> String {
        self.path.clone()
    }

    /// The report as JSON.
    #[napi(getter, catch_unwind)]
    pub fn report(&self) -> String {
        self.report.clone()
    }

    /// What a head store is to know of the ledger.
    #[napi(getter, catch_unwind)]
    pub fn heads(&self) -> Vec<NativeKnownHead> {
        let entry = |(id, head): &(String, Head)| NativeKnownHead {
            id: id.clone(),
            seq: number(head.seq),
            hash: head.hash.to_string(),
        };
        self.heads.iter().map(entry).collect()
    }

    /// Compares the ledger with what a head store knows of it and adopts it, on a pool thread.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn adopt(
        &self,
        #[napi(ts_arg_type = "Array<NativeKnownHead>")] known: List<NativeKnownHead>,
    ) -> Result<AsyncTask<Work>> {
        let store = MemoryHeads::default();
        for NativeKnownHead { id, seq, hash } in known {
            let head = NativeHead { seq, hash }.to_core()?;
            store.advance(&[(id, head)]).map_err(|error| throw(&error))?;
        }
        let import = Arc::clone(&self.import);
        Ok(Work::start(move || {
            let mut import = lock(&import);
            let import = import.as_mut().ok_or_else(|| misuse("an import that was let go"))?;
            import.adopt(Some(&store)).map_err(|error| throw(&error))
        }))
    }

    /// Takes a copy that was adopted away again, and lets go, on a pool thread.
    #[napi(catch_unwind, ts_return_type = "Promise<void>")]
    pub fn withdraw(&self) -> AsyncTask<Work> {
        let import = Arc::clone(&self.import);
        Work::start(move || {
            let import = lock(&import).take();
            import.map_or(Ok(()), |import| import.withdraw().map_err(|error| throw(&error)))
        })
    }

    /// Lets go: sessions can open the ledger.
    #[napi(catch_unwind)]
    pub fn release(&self) {
        *lock(&self.import) = None;
    }
}

fn lock(import: &Mutex<Option<Import>>) -> MutexGuard<'_, Option<Import>> {
    import.lock().unwrap_or_else(PoisonError::into_inner)
}
