//! The language server of rust-analyzer, on a project of one file.

use std::{
    collections::BTreeSet,
    env,
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

pub(crate) struct Server {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    uri: String,
    text: String,
    /// Number of the last message or version.
    last: u64,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// Starts the server, and waits until it knows the project.
    pub(crate) fn start() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let file = folder.join("editor/entries.rs");
        let mut process = Command::new("rust-analyzer")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("`rustup component add rust-analyzer` installs the server");
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let text = fs::read_to_string(&file).unwrap();
        let uri = format!("file://{}", file.display());
        let mut server = Self { process, input, output: BufReader::new(output), uri, text, last: 0 };
        server.request(
            "initialize",
            &json!({
                "capabilities": { "experimental": { "serverStatusNotification": true } },
                "initializationOptions": options(folder),
                "rootUri": format!("file://{}", folder.join("editor").display()),
            }),
        );
        server.notify("initialized", &json!({}));
        let document = json!({ "uri": server.uri, "languageId": "rust", "version": 0, "text": server.text });
        server.notify("textDocument/didOpen", &json!({ "textDocument": document }));
        while server.read()["params"]["quiescent"] != true {}
        server
    }

    /// Puts a text in place of a mark. Returns the completions at its `|`, and the errors of the line.
    pub(crate) fn complete(&mut self, mark: &str, text: &str) -> (Vec<String>, Vec<String>) {
        let position = self.type_text(mark, text);
        let completions = self.request("textDocument/completion", &self.at(&position));
        let items = completions["items"].as_array().or(completions.as_array()).cloned().unwrap_or_default();
        let labels = items.iter().map(|item| item["label"].as_str().unwrap_or_default().to_owned());
        let file = json!({ "textDocument": { "uri": self.uri } });
        let diagnostics = self.request("textDocument/diagnostic", &file);
        let of_line = diagnostics["items"].as_array().cloned().unwrap_or_default();
        let of_line = of_line.iter().filter(|item| item["range"]["start"]["line"] == position["line"]);
        (labels.collect(), of_line.map(|item| item["message"].to_string()).collect())
    }

    /// Puts a text in place of a mark. Returns the explanation of the word at its `|`.
    pub(crate) fn hover(&mut self, mark: &str, text: &str) -> String {
        let position = self.type_text(mark, text);
        let hover = self.request("textDocument/hover", &self.at(&position));
        hover["contents"]["value"].as_str().unwrap_or_default().to_owned()
    }

    /// Puts a text in place of a mark. Returns the lines of the definitions of the word at its `|`.
    pub(crate) fn definitions(&mut self, mark: &str, text: &str) -> Vec<String> {
        let position = self.type_text(mark, text);
        let found = self.request("textDocument/definition", &self.at(&position));
        let found = found.as_array().cloned().unwrap_or_default();
        let lines = found.iter().filter(|place| place["uri"] == self.uri.as_str());
        let line = |place: &Value| usize::try_from(place["range"]["start"]["line"].as_u64()?).ok();
        lines
            .filter_map(line)
            .filter_map(|line| self.text.lines().nth(line).map(|line| line.trim().to_owned()))
            .collect()
    }

    /// Puts a text in place of a mark, and renames the word at its `|`. Returns the lines that change, as they are then;
    /// `None` if the server refuses.
    pub(crate) fn rename(&mut self, mark: &str, text: &str, name: &str) -> Option<Vec<String>> {
        let position = self.type_text(mark, text);
        let mut lines: Vec<String> =
            self.text.replacen(mark, &text.replace('|', ""), 1).lines().map(str::to_owned).collect();
        let mut params = self.at(&position);
        params["newName"] = name.into();
        let result = self.ask("textDocument/rename", &params).ok()?;
        let edits = result["documentChanges"][0]["edits"].as_array().cloned().unwrap_or_default();
        let mut changed = BTreeSet::new();
        for edit in edits.iter().rev() {
            let at = |end: &str, part: &str| usize::try_from(edit["range"][end][part].as_u64().unwrap()).unwrap();
            let line = at("start", "line");
            lines[line]
                .replace_range(at("start", "character")..at("end", "character"), edit["newText"].as_str().unwrap());
            changed.insert(line);
        }
        Some(changed.into_iter().map(|line| lines[line].trim().to_owned()).collect())
    }

    fn at(&self, position: &Value) -> Value {
        json!({ "textDocument": { "uri": self.uri }, "position": position })
    }

    /// Returns the position of the `|`.
    fn type_text(&mut self, mark: &str, typed: &str) -> Value {
        let text = self.text.replacen(mark, typed, 1);
        let (before, after) = text.split_once('|').expect("a cursor");
        let line = before.lines().count() - 1;
        let character = before.lines().last().unwrap_or_default().chars().count();
        let (text, version) = (format!("{before}{after}"), self.last);
        let document = json!({ "uri": self.uri, "version": version });
        self.notify(
            "textDocument/didChange",
            &json!({ "textDocument": document, "contentChanges": [{ "text": text }] }),
        );
        json!({ "line": line, "character": character })
    }

    fn request(&mut self, method: &str, params: &Value) -> Value {
        self.ask(method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Sends a request. Returns its result, or the error of the server.
    fn ask(&mut self, method: &str, params: &Value) -> Result<Value, Value> {
        self.last += 1;
        let id = self.last;
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let mut message = self.read();
            if message["id"] == id && message.get("method").is_none() {
                return match message.get_mut("error") {
                    Some(error) => Err(error.take()),
                    None => Ok(message["result"].take()),
                };
            }
        }
    }

    fn notify(&mut self, method: &str, params: &Value) {
        self.last += 1;
        self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn write(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    /// Reads a message. A request of the server gets an empty answer.
    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the server ended");
            match line.trim().strip_prefix("Content-Length: ") {
                Some(number) => length = number.parse().unwrap(),
                None if line.trim().is_empty() => break,
                None => {}
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).unwrap();
        let message: Value = serde_json::from_slice(&body).unwrap();
        if let (Some(id), Some(_)) = (message.get("id"), message.get("method")) {
            self.write(&json!({ "jsonrpc": "2.0", "id": id, "result": null }));
        }
        message
    }
}

/// A project without a standard library: the file, the runtime, the built macros, and a `core` of one macro.
fn options(folder: &Path) -> Value {
    let runtime = folder.join("../auth-runtime/src/lib.rs");
    let dependencies = json!([{ "crate": 1, "name": "auth_runtime" }, { "crate": 3, "name": "core" }]);
    let root = |path: PathBuf, deps: &Value, is_member: bool| {
        json!({
            "root_module": path, "edition": "2024", "deps": deps, "is_workspace_member": is_member,
            "cfg": ["feature=\"api-key\"", "feature=\"throttle\""],
        })
    };
    let macros = json!({
        "root_module": folder.join("../auth-macros/src/lib.rs"), "edition": "2024", "deps": [],
        "is_proc_macro": true, "proc_macro_dylib_path": built_macros(),
    });
    let of_runtime = json!([{ "crate": 2, "name": "auth_macros" }, { "crate": 3, "name": "core" }]);
    let crates = [
        root(folder.join("editor/entries.rs"), &dependencies, true),
        root(runtime, &of_runtime, false),
        macros,
        root(folder.join("editor/core.rs"), &json!([]), false),
    ];
    json!({
        "linkedProjects": [{ "crates": crates }],
        "cachePriming": { "enable": false },
        "checkOnSave": false,
        "procMacro": { "server": sysroot().join("libexec/rust-analyzer-proc-macro-srv") },
    })
}

/// The macros that Cargo has built for this test.
fn built_macros() -> PathBuf {
    let folder = env::current_exe().unwrap().parent().unwrap().to_owned();
    let name = format!("{}auth_macros-", env::consts::DLL_PREFIX);
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let libraries = files.filter(|path| {
        path.extension() == Some(OsStr::new(env::consts::DLL_EXTENSION))
            && path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(&name))
    });
    libraries.max_by_key(|path| fs::metadata(path).and_then(|data| data.modified()).unwrap()).expect("the macros")
}

fn sysroot() -> PathBuf {
    let printed = Command::new("rustc").args(["--print", "sysroot"]).output().unwrap().stdout;
    PathBuf::from(String::from_utf8(printed).unwrap().trim())
}
