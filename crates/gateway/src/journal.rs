//! What must survive the process: written to a file before a caller is told, and read at the next start.
//!
//! Records wait some milliseconds for the store's next commit. A line in this journal bridges that time: the operating
//! system keeps it when the process is killed. It is not synced to the disk, so it costs a microsecond; what a power cut
//! takes with it is closed by rule, see `recovery`.

use std::collections::{HashMap, HashSet};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tollgate_base::{NodeId, RequestId};
use tollgate_store::UsageRecord;

/// A file that has grown to this size is followed by a new one, and removed once all it tells is in the store.
const ROTATE_AT_BYTES: u64 = 8 << 20;
/// Room for a line, so that it does not grow in steps.
const LINE_BYTES: usize = 3 << 10;
const PREFIX: &str = "journal-";
const SUFFIX: &str = ".jsonl";

/// One line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry<R> {
    /// An upstream answered this request.
    Answered(RequestId),
    /// A request is over, and this is its record.
    Over(R),
}

/// A line that was written; it is needed until its request is settled.
#[derive(Debug)]
pub(crate) struct Line(u64);

/// The journal of this run, or none: tests and benchmarks may do without.
#[derive(Default)]
pub(crate) struct Journal(Option<Written>);

struct Written {
    folder: PathBuf,
    node: NodeId,
    state: Mutex<State>,
}

struct State {
    file: File,
    file_number: u64,
    bytes: u64,
    /// How many lines of each file are not settled.
    needed: HashMap<u64, u64>,
}

impl Journal {
    /// Begins the journal of a run in `folder`.
    pub(crate) fn begin(folder: &Path, node: NodeId) -> std::io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let file = create(&path(folder, node, 0))?;
        let state = State { file, file_number: 0, bytes: 0, needed: HashMap::new() };
        Ok(Self(Some(Written { folder: folder.to_owned(), node, state: Mutex::new(state) })))
    }

    /// Notes that an upstream answered.
    pub(crate) fn answered(&self, id: RequestId) -> Option<Line> {
        self.write(&Entry::<()>::Answered(id))
    }

    /// Notes how a request ended.
    pub(crate) fn over(&self, record: &UsageRecord) -> Option<Line> {
        self.write(&Entry::Over(record))
    }

    /// The requests of these lines are in the store.
    pub(crate) fn settled(&self, lines: impl IntoIterator<Item = Line>) {
        let Some(written) = &self.0 else { return };
        let mut state = written.lock();
        for Line(number) in lines {
            let Some(needed) = state.needed.get_mut(&number) else { continue };
            *needed = needed.saturating_sub(1);
            if *needed == 0 && number != state.file_number {
                state.needed.remove(&number);
                remove(&path(&written.folder, written.node, number));
            }
        }
    }

    /// Everything is settled: nothing is left to be told.
    pub(crate) fn finish(&self) {
        let Some(written) = &self.0 else { return };
        let state = written.lock();
        if state.needed.values().all(|needed| *needed == 0) {
            remove(&path(&written.folder, written.node, state.file_number));
        }
    }

    fn write<R: Serialize>(&self, entry: &Entry<R>) -> Option<Line> {
        let written = self.0.as_ref()?;
        let mut line = Vec::with_capacity(LINE_BYTES);
        serde_json::to_writer(&mut line, entry).ok()?;
        line.push(b'\n');
        let mut state = written.lock();
        if state.bytes >= ROTATE_AT_BYTES {
            written.rotate(&mut state);
        }
        if let Err(error) = state.file.write_all(&line) {
            // The store's own commit follows in milliseconds; only a kill in between would miss this line.
            tracing::error!(%error, "the journal cannot be written");
            return None;
        }
        state.bytes += line.len() as u64;
        let number = state.file_number;
        *state.needed.entry(number).or_default() += 1;
        Some(Line(number))
    }
}

impl Written {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rotate(&self, state: &mut State) {
        let next = state.file_number + 1;
        match create(&path(&self.folder, self.node, next)) {
            Ok(file) => {
                let full = state.file_number;
                (state.file, state.file_number, state.bytes) = (file, next, 0);
                if state.needed.get(&full).is_none_or(|needed| *needed == 0) {
                    state.needed.remove(&full);
                    remove(&path(&self.folder, self.node, full));
                }
            }
            Err(error) => tracing::error!(%error, "the journal cannot begin a new file"),
        }
    }
}

/// A new file, locked as long as its run lives.
fn create(path: &Path) -> std::io::Result<File> {
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    file.lock()?;
    Ok(file)
}

/// Whether the run that writes this file is still there.
fn is_alive(path: &Path) -> std::io::Result<bool> {
    match File::open(path)?.try_lock() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path) {
        tracing::warn!(%error, "a journal that is not needed any more cannot be removed");
    }
}

fn path(folder: &Path, node: NodeId, number: u64) -> PathBuf {
    folder.join(format!("{PREFIX}{node}-{number}{SUFFIX}"))
}

/// What earlier runs left behind.
#[derive(Default)]
pub(crate) struct Left {
    /// How requests ended, as far as it was told.
    pub(crate) records: Vec<UsageRecord>,
    /// The requests that an upstream had answered.
    pub(crate) answered: HashSet<RequestId>,
    /// Whose journals they are.
    pub(crate) nodes: HashSet<NodeId>,
    /// Runs that have not ended; nothing of theirs is read.
    pub(crate) alive: HashSet<NodeId>,
    files: Vec<PathBuf>,
}

impl Left {
    /// Reads the journals in `folder` of runs that have ended. The last line of one may be torn: it is left out.
    pub(crate) fn read(folder: &Path) -> std::io::Result<Self> {
        let mut left = Self::default();
        let journals = journals(folder)?;
        for (node, path) in &journals {
            if is_alive(path)? {
                left.alive.insert(*node);
            }
        }
        for (node, path) in journals {
            if left.alive.contains(&node) {
                continue;
            }
            left.lines(&std::fs::read(&path)?);
            left.nodes.insert(node);
            left.files.push(path);
        }
        Ok(left)
    }

    fn lines(&mut self, bytes: &[u8]) {
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice(line) {
                Ok(Entry::Over(record)) => self.records.push(record),
                Ok(Entry::Answered(id)) => {
                    self.answered.insert(id);
                }
                Err(error) => tracing::warn!(%error, "a line of the journal cannot be read"),
            }
        }
    }

    /// Removes what was read: the store has it now.
    pub(crate) fn forget(&self) {
        self.files.iter().for_each(|path| remove(path));
    }
}

/// The journals in a folder, which need not be there, and whose they are.
fn journals(folder: &Path) -> std::io::Result<Vec<(NodeId, PathBuf)>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<Vec<_>>>()?;
    let named = |path: PathBuf| Some((node_of(path.file_name()?.to_str()?)?, path));
    Ok(paths.into_iter().filter_map(named).collect())
}

fn node_of(file_name: &str) -> Option<NodeId> {
    let (node, _) = file_name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?.rsplit_once('-')?;
    node.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal(folder: &Path) -> (Journal, NodeId) {
        let node = NodeId::generate();
        (Journal::begin(folder, node).unwrap(), node)
    }

    #[test]
    fn what_a_run_wrote_is_read_once_it_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let (journal, node) = journal(folder.path());
        let (first, second) = (RequestId::generate(), RequestId::generate());
        for id in [first, second] {
            journal.answered(id).unwrap();
        }
        let left = Left::read(folder.path()).unwrap();
        assert_eq!((left.alive.len(), left.answered.len()), (1, 0));
        drop(journal);
        let left = Left::read(folder.path()).unwrap();
        assert_eq!(left.answered, HashSet::from([first, second]));
        assert_eq!(left.nodes, HashSet::from([node]));
        left.forget();
        assert!(Left::read(folder.path()).unwrap().nodes.is_empty());
    }

    #[test]
    fn a_torn_line_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let (journal, node) = journal(folder.path());
        let id = RequestId::generate();
        journal.answered(id).unwrap();
        drop(journal);
        let file = path(folder.path(), node, 0);
        let mut bytes = std::fs::read(&file).unwrap();
        bytes.extend_from_slice(b"{\"over\":{\"id\":");
        std::fs::write(&file, bytes).unwrap();
        assert_eq!(Left::read(folder.path()).unwrap().answered, HashSet::from([id]));
    }

    #[test]
    fn a_full_file_is_removed_when_all_of_it_is_settled() {
        let folder = tempfile::tempdir().unwrap();
        let (journal, _) = journal(folder.path());
        let files = || std::fs::read_dir(folder.path()).unwrap().count();
        let early = journal.answered(RequestId::generate()).unwrap();
        journal.0.as_ref().unwrap().lock().bytes = ROTATE_AT_BYTES;
        let late = journal.answered(RequestId::generate()).unwrap();
        assert_eq!(files(), 2);
        journal.settled([early]);
        assert_eq!(files(), 1);
        journal.settled([late]);
        journal.finish();
        assert_eq!(files(), 0);
    }
}
