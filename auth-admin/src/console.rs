//! Input, output, and prompts.

use std::{
    fmt,
    io::{self, BufRead, BufReader, BufWriter, IsTerminal, Read, Write},
};

use auth_runtime::users::MAX_PASSWORD_LEN;
use secrecy::{ExposeSecret, SecretString};

use crate::{error::Failure, escape::visible};

/// As long as a credential may be.
const MAX_TOKEN_LEN: u64 = 16 * 1024;

/// The input, output and error stream of a command (default: those of the process).
///
/// ```
/// use auth_admin::Console;
///
/// // For a test: the command reads this password, and cannot prompt.
/// let console = Console::new("correct horse battery staple\n".as_bytes(), std::io::sink(), std::io::sink());
/// ```
pub struct Console {
    program: String,
    input: Box<dyn BufRead + Send>,
    output: Box<dyn Write + Send>,
    errors: Box<dyn Write + Send>,
    can_prompt: bool,
    shows_progress: bool,
}

impl Console {
    /// Returns the standard streams of the process. Prompts are possible if stdin is a terminal.
    #[must_use]
    pub fn standard() -> Self {
        let console = Self::new(BufReader::new(io::stdin()), BufWriter::new(io::stdout()), io::stderr());
        Self { can_prompt: io::stdin().is_terminal(), shows_progress: io::stderr().is_terminal(), ..console }
    }

    /// Returns a console on these streams. It cannot prompt.
    #[must_use]
    pub fn new(
        input: impl BufRead + Send + 'static,
        output: impl Write + Send + 'static,
        errors: impl Write + Send + 'static,
    ) -> Self {
        Self {
            program: String::new(),
            input: Box::new(input),
            output: Box::new(output),
            errors: Box::new(errors),
            can_prompt: false,
            shows_progress: false,
        }
    }

    /// Sets the name that stands in front of each line on stderr.
    pub(crate) fn of_program(self, program: &str) -> Self {
        Self { program: program.to_owned(), ..self }
    }

    /// Returns whether stderr is a terminal for a progress bar.
    pub(crate) const fn shows_progress(&self) -> bool {
        self.shows_progress
    }

    pub(crate) const fn can_prompt(&self) -> bool {
        self.can_prompt
    }

    pub(crate) fn output(&mut self) -> &mut (dyn Write + Send) {
        &mut *self.output
    }

    /// Takes stdin, and leaves an empty input.
    pub(crate) fn take_input(&mut self) -> Box<dyn BufRead + Send> {
        std::mem::replace(&mut self.input, Box::new(io::empty()))
    }

    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.output, "{text}")
    }

    /// Prints a secret. The output has its only copy.
    pub(crate) fn secret_line(&mut self, secret: &str) -> io::Result<()> {
        writeln!(self.output, "{secret}")?;
        self.output.flush()
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    /// Prints one line to stderr. A closed stderr is not an error.
    pub(crate) fn note(&mut self, text: &str) {
        let _ = writeln!(self.errors, "{}: {}", self.program, visible(text));
    }

    /// Prompts for a yes or no.
    pub(crate) fn confirm(&mut self, question: &str) -> Result<bool, Failure> {
        let mut answer = String::new();
        write!(self.errors, "{} [y/N] ", visible(question))?;
        self.errors.flush()?;
        self.input.by_ref().take(64).read_line(&mut answer)?;
        Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "Yes" | "YES"))
    }

    /// Prompts for a password without echo. `alternatives` are the options to use without a terminal.
    pub(crate) fn ask_password(&self, prompt: &str, alternatives: &str) -> Result<SecretString, Failure> {
        if !self.can_prompt {
            return Err(Failure::usage(format!("cannot ask for a password without a terminal; use {alternatives}")));
        }
        let password = without_echo(&visible(prompt))?;
        if password.expose_secret().is_empty() { Err(no_password()) } else { Ok(password) }
    }

    /// Reads a token: without echo from the terminal, or else from the first line of stdin.
    pub(crate) fn token(&mut self) -> Result<SecretString, Failure> {
        if self.can_prompt {
            return non_empty_token(&without_echo("Token: ")?);
        }
        let mut line = String::new();
        let read = self.input.by_ref().take(MAX_TOKEN_LEN).read_line(&mut line);
        read.map_err(|error| Failure::usage(format!("cannot read stdin: {error}")))?;
        non_empty_token(&line.into())
    }

    /// Reads a password from the first line of stdin, without its line break.
    pub(crate) fn first_line(&mut self) -> Result<SecretString, Failure> {
        if self.can_prompt {
            return Err(Failure::usage("stdin is a terminal; omit --password-stdin to get a prompt"));
        }
        // A longer line is cut here, and rejected for its length later.
        let mut line = Vec::with_capacity(MAX_PASSWORD_LEN + 3);
        let most = u64::try_from(line.capacity()).unwrap_or(u64::MAX);
        let read = self.input.by_ref().take(most).read_until(b'\n', &mut line);
        read.map_err(|error| Failure::usage(format!("cannot read stdin: {error}")))?;
        let line = String::from_utf8(line).map_err(|_| Failure::usage("the password is not UTF-8"))?;
        let line = SecretString::from(line);
        let text = line.expose_secret();
        let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
        if text.is_empty() { Err(no_password()) } else { Ok(text.into()) }
    }
}

/// Prompts for a secret without echo. From here on, Ctrl-C interrupts prompts only.
///
/// On Ctrl-C, rpassword raises the signal before it restores the echo, so the process must survive it. The handler of
/// tokio stays until the process ends (`tokio::signal`). So Ctrl-C after the prompt does not end a change halfway, and
/// the exit code says what was done. The time limits of the stores end a command that waits.
fn without_echo(prompt: &str) -> Result<SecretString, Failure> {
    #[cfg(unix)]
    let _handler = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
    let answer = rpassword::prompt_password(prompt);
    answer.map(SecretString::from).map_err(|error| prompt_failure(&error))
}

fn non_empty_token(text: &SecretString) -> Result<SecretString, Failure> {
    match text.expose_secret().trim() {
        "" => Err(Failure::usage("no token was given")),
        token => Ok(token.into()),
    }
}

fn no_password() -> Failure {
    Failure::usage("no password was given")
}

fn prompt_failure(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::Interrupted => Failure::Interrupted,
        io::ErrorKind::UnexpectedEof => no_password(),
        _ => Failure::usage(format!("cannot ask for a password: {error}")),
    }
}

impl Default for Console {
    fn default() -> Self {
        Self::standard()
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").field("can_prompt", &self.can_prompt).finish_non_exhaustive()
    }
}
