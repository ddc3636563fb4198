//! OpenLDAP's `slapd`, with its own configuration, data and ports.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread,
    time::Duration,
};

use crate::common::Running;

/// The suffix of all entries.
pub(crate) const SUFFIX: &str = "dc=example,dc=org";
pub(crate) const ROOT: &str = "cn=root,dc=example,dc=org";
const ROOT_PASSWORD: &str = "whatever it takes";

/// The path in Debian. It is not in every user's `PATH`.
const SLAPD: &str = "/usr/sbin/slapd";
const MODULES: &str = "/usr/lib/ldap";
const SCHEMA: &str = "/etc/ldap/schema";

/// The settings that a test may change.
#[derive(Clone, Copy)]
pub(crate) struct Setup<'a> {
    /// Additional global lines of the configuration.
    pub(crate) lines: &'a str,
    /// The accounts that may read everything but passwords.
    pub(crate) readers: &'a str,
    /// The URL of the referral in the data.
    pub(crate) elsewhere: &'a str,
}

impl Default for Setup<'_> {
    fn default() -> Self {
        Self {
            lines: "",
            readers: "dn.exact=cn=service,dc=example,dc=org",
            elsewhere: "ldap://127.0.0.1:9/dc=example,dc=org",
        }
    }
}

pub(crate) struct Slapd {
    /// `None` while the server is stopped.
    process: Option<Running>,
    folder: PathBuf,
    ports: [u16; 2],
}

impl Slapd {
    /// Starts a server with the usual entries for the test of this name.
    pub(crate) fn start(test: &str) -> Self {
        Self::start_with(test, Setup::default())
    }

    pub(crate) fn start_with(test: &str, setup: Setup<'_>) -> Self {
        assert!(Path::new(SLAPD).exists(), "these tests need the Debian packages `slapd` and `ldap-utils`");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("slapd-{test}"));
        // An interrupted test may have left the folder.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("data")).unwrap();
        let mut slapd = Self { process: None, folder, ports: [0; 2] };
        fs::write(slapd.path("slapd.conf"), slapd.configuration(setup)).unwrap();
        fs::write(slapd.path("people.ldif"), include_str!("people.ldif").replace("ELSEWHERE", setup.elsewhere))
            .unwrap();
        let mut load = Command::new(SLAPD);
        load.args(["-T", "add", "-f"]).arg(slapd.path("slapd.conf")).arg("-l").arg(slapd.path("people.ldif"));
        succeeds(&load.output().unwrap());
        // Another process may take a free port before slapd does.
        let is_up = (0..10).any(|_| {
            slapd.ports = free_ports();
            slapd.run()
        });
        assert!(is_up, "slapd does not start");
        slapd
    }

    fn configuration(&self, Setup { lines: more, readers, .. }: Setup<'_>) -> String {
        let folder = self.folder.display();
        let mut lines: Vec<String> =
            ["core", "cosine", "inetorgperson"].map(|name| format!("include {SCHEMA}/{name}.schema")).to_vec();
        lines.extend([
            format!("modulepath {MODULES}"),
            "moduleload back_mdb".to_owned(),
            "moduleload ppolicy".to_owned(),
            format!("pidfile {folder}/slapd.pid"),
            more.to_owned(),
            "database mdb".to_owned(),
            format!("suffix {SUFFIX}"),
            format!("rootdn {ROOT}"),
            format!("rootpw {ROOT_PASSWORD:?}"),
            format!("directory {folder}/data"),
            "index uid,member eq".to_owned(),
            "overlay ppolicy".to_owned(),
            format!("ppolicy_default cn=policy,{SUFFIX}"),
            // Any account may bind with a password.
            "access to attrs=userPassword by anonymous auth by * none".to_owned(),
            format!("access to * by {readers} read by * none"),
        ]);
        lines.join("\n") + "\n"
    }

    /// Starts the process. Returns false if its ports are taken.
    fn run(&mut self) -> bool {
        let mut command = Command::new(SLAPD);
        // `-d` keeps the process in the foreground. `stats` logs a line for each operation.
        command.arg("-f").arg(self.path("slapd.conf")).args(["-d", "stats", "-h", &self.urls().join(" ")]);
        let mut process = Running::start(&mut command);
        if !process.logs("slapd starting") {
            return false;
        }
        // The process has its ports, and will listen soon.
        for port in self.ports {
            let listens = || TcpStream::connect(("127.0.0.1", port)).is_ok();
            assert!((0..3000).any(|_| listens() || wait()), "slapd does not listen");
            process.logged_until(" closed");
        }
        self.process = Some(process);
        true
    }

    pub(crate) fn stop(&mut self) {
        self.process = None;
    }

    /// Starts the server again, with the same data and ports.
    pub(crate) fn start_again(&mut self) {
        assert!(self.run(), "slapd does not start again");
    }

    pub(crate) fn url(&self) -> String {
        self.urls().remove(0)
    }

    /// Returns the `ldaps://` URL.
    pub(crate) fn secure_url(&self) -> String {
        self.urls().remove(1)
    }

    fn urls(&self) -> Vec<String> {
        let [plain, secure] = self.ports;
        vec![format!("ldap://127.0.0.1:{plain}/"), format!("ldaps://127.0.0.1:{secure}/")]
    }

    /// Returns the lines of the log, up to the first with this text.
    pub(crate) fn logged_until(&mut self, text: &str) -> Vec<String> {
        self.process.as_mut().expect("it runs").logged_until(text)
    }

    /// Changes entries with LDIF (RFC 2849).
    pub(crate) fn modify(&self, ldif: &str) {
        let path = self.path("change.ldif");
        fs::write(&path, ldif).unwrap();
        let mut modify = Command::new("ldapmodify");
        modify.args(["-x", "-H", &self.url(), "-D", ROOT, "-w", ROOT_PASSWORD, "-f"]).arg(path);
        succeeds(&modify.stdin(Stdio::null()).output().expect("`ldapmodify` is there"));
    }

    /// Binds with this DN and password, and returns the identity that the directory reports.
    pub(crate) fn who_am_i(&self, dn: &str, password: &str) -> String {
        let mut who_am_i = Command::new("ldapwhoami");
        let output = who_am_i.args(["-x", "-H", &self.url(), "-D", dn, "-w", password]).output();
        let output = output.expect("`ldapwhoami` is there");
        succeeds(&output);
        String::from_utf8(output.stdout).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        self.stop();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Waits a moment, and returns false.
fn wait() -> bool {
    thread::sleep(Duration::from_millis(10));
    false
}

fn free_ports() -> [u16; 2] {
    // Bind both at once, so that they differ.
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
