//! SQLite on a full disk: requests are 503 meanwhile, and sign-ins work again within seconds of free space.
//!
//! SQLite ends a transaction when it cannot write. The connection must not return to the pool as if the
//! transaction were open.

use std::{
    env,
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    process,
    time::Duration,
};

use auth_store::{NewUser, Profile, SqlUsers};
use futures_util::future::join_all;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tempfile::TempDir;
use tokio::{
    process::Command,
    signal::unix::{SignalKind, signal},
    time::{sleep, timeout},
};

use crate::{
    callers::{App, Caller, PASSWORD},
    database::TestDatabase,
};

/// Set in the process that limits the size of its files.
const LIMITED: &str = "AUTH_TEST_FILE_SIZE_LIMIT";
const LIMITED_TEST: &str = "sqlite::full_disk::sign_ins_work_again_after_a_file_size_limit";
/// `SIGXFSZ` on Linux, macOS and the BSDs. Its default action ends the process.
const SIGXFSZ: i32 = 25;
/// The size of one page of SQLite.
const PAGE: u64 = 4096;
/// The time limit for the recovery.
const SOON: Duration = Duration::from_secs(10);

/// A disk that can be filled and freed.
trait Disk {
    fn fill(&self) -> io::Result<()>;
    fn free(&self) -> io::Result<()>;
}

/// A small file system in memory.
struct Tmpfs {
    folder: TempDir,
}

impl Tmpfs {
    /// Mounts it. None without the privilege.
    fn mount() -> Option<Self> {
        let disk = Self { folder: TempDir::new().unwrap() };
        let mut mount = process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs"]).arg(disk.folder.path());
        mount.output().is_ok_and(|done| done.status.success()).then_some(disk)
    }

    fn filler(&self) -> PathBuf {
        self.folder.path().join("filler")
    }
}

impl Disk for Tmpfs {
    fn fill(&self) -> io::Result<()> {
        let mut filler = OpenOptions::new().append(true).create(true).open(self.filler())?;
        for size in [65_536, 512, 1] {
            while filler.write_all(&vec![0; size]).is_ok() {}
        }
        Ok(())
    }

    fn free(&self) -> io::Result<()> {
        fs::remove_file(self.filler())
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = process::Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}

/// A limit for the files of this process, below the size that they have already.
struct FileSizeLimit;

impl Disk for FileSizeLimit {
    fn fill(&self) -> io::Result<()> {
        Ok(setrlimit(Resource::Fsize, Rlimit { current: Some(PAGE), ..getrlimit(Resource::Fsize) })?)
    }

    fn free(&self) -> io::Result<()> {
        let limit = getrlimit(Resource::Fsize);
        Ok(setrlimit(Resource::Fsize, Rlimit { current: limit.maximum, ..limit })?)
    }
}

pub(crate) async fn sign_ins_work_again_after_a_full_disk(_: TestDatabase) {
    let Some(disk) = Tmpfs::mount() else { return in_limited_process().await };
    let file = disk.folder.path().join("users.db");
    recovers(&disk, &file).await;
}

pub(crate) async fn sign_ins_work_again_after_a_file_size_limit(_: TestDatabase) {
    if env::var_os(LIMITED).is_none() {
        return in_limited_process().await;
    }
    // A handler in place of the default action, so that a write fails and the process goes on.
    let _handler = signal(SignalKind::from_raw(SIGXFSZ)).unwrap();
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("users.db");
    recovers(&FileSizeLimit, &file).await;
}

/// Runs the test in a process of its own, because the limit is that of a process.
async fn in_limited_process() {
    let mut test = Command::new(env::current_exe().unwrap());
    let done = test.args(["--exact", LIMITED_TEST, "--nocapture"]).env(LIMITED, "1").output().await.unwrap();
    assert!(
        done.status.success(),
        "{}{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
}

async fn recovers(disk: &impl Disk, file: &Path) {
    let url = format!("sqlite:{}", file.display());
    // A full disk also refuses new connections, for which each request waits.
    let options = TestDatabase::options().freshness(Duration::ZERO).acquire_timeout(Duration::from_secs(1));
    let store = options.connect(&url).await.unwrap();
    for name in ["alice", "bob"] {
        store.add(NewUser::new(name).password(PASSWORD)).await.unwrap();
    }
    let app = App::over(&store);
    assert!(app.call(&Caller::password("alice", PASSWORD)).await.is_ok());

    disk.fill().unwrap();
    fails_on_each_connection(&store).await;
    let while_full = app.call(&Caller::password("bob", "wrong horse battery")).await;
    assert_eq!(while_full, Err(503), "never a denial, and never a pass");

    disk.free().unwrap();
    let bob = timeout(SOON, answer(&app, &Caller::password("bob", PASSWORD))).await;
    assert!(matches!(bob, Ok(Ok(_))), "{bob:?}");
    for _ in 0..8 {
        store.set_roles("alice", ["Viewer"]).await.unwrap();
    }
}

/// Changes users on all connections until each change fails.
async fn fails_on_each_connection(store: &SqlUsers) {
    let mut failed = 0;
    for round in 0.. {
        assert!(round < 100, "writes must fail on a full disk");
        if failed == 3 {
            break;
        }
        let profile = || Profile::new().display_name("x".repeat(255)).email("y".repeat(255));
        let changes = join_all((0..8).map(|_| store.set_profile("alice", profile()))).await;
        failed = if changes.iter().all(Result::is_err) { failed + 1 } else { 0 };
        assert!(changes.iter().filter_map(|change| change.as_ref().err()).all(auth_store::StoreError::is_unavailable));
    }
}

/// Returns the first answer that is not 503.
async fn answer(app: &App, caller: &Caller) -> Result<String, u16> {
    loop {
        match app.call(caller).await {
            Err(503) => sleep(Duration::from_millis(100)).await,
            answer => return answer,
        }
    }
}
