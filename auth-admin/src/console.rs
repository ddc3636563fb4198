//! Where a command reads and writes, and whom it may ask.

use std::{
    fmt,
    io::{self, BufRead, BufReader, BufWriter, IsTerminal, Read, Write},
};

use auth_runtime::users::MAX_PASSWORD_LEN;
use secrecy::{ExposeSecret, SecretString};

#[cfg(unix)]
use crate::Exit;
use crate::{exit::Failure, output::visible};

/// The standard input, output and error of a process, or what stands for them.
///
/// ```
/// use auth_admin::Console;
///
/// // For a test: the command reads this, and has nobody to ask.
/// let console = Console::new("correct horse battery staple\n".as_bytes(), std::io::sink(), std::io::sink());
/// ```
pub struct Console {
    program: String,
    input: Box<dyn BufRead + Send>,
    output: Box<dyn Write + Send>,
    errors: Box<dyn Write + Send>,
    can_ask: bool,
    draws: bool,
}

impl Console {
    /// Those of this process. Questions are asked if the standard input is a terminal.
    #[must_use]
    pub fn standard() -> Self {
        let console = Self::new(BufReader::new(io::stdin()), BufWriter::new(io::stdout()), io::stderr());
        Self { can_ask: io::stdin().is_terminal(), draws: io::stderr().is_terminal(), ..console }
    }

    /// Others, without anybody to ask.
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
            can_ask: false,
            draws: false,
        }
    }

    /// The same for a program of this name, which stands before each line that is no output.
    pub(crate) fn of(self, program: &str) -> Self {
        Self { program: program.to_owned(), ..self }
    }

    /// Whether there is a terminal for a progress bar.
    pub(crate) const fn draws(&self) -> bool {
        self.draws
    }

    pub(crate) const fn can_ask(&self) -> bool {
        self.can_ask
    }

    pub(crate) fn output(&mut self) -> &mut (dyn Write + Send) {
        &mut *self.output
    }

    /// The standard input, for what is read from it.
    pub(crate) fn take_input(&mut self) -> Box<dyn BufRead + Send> {
        std::mem::replace(&mut self.input, Box::new(io::empty()))
    }

    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.output, "{text}")
    }

    /// Writes what is shown once, and nowhere else.
    pub(crate) fn secret_line(&mut self, secret: &str) -> io::Result<()> {
        writeln!(self.output, "{secret}")?;
        self.output.flush()
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    /// One line for people, beside the output. That nobody reads it is no reason to fail.
    pub(crate) fn note(&mut self, text: &str) {
        let _ = writeln!(self.errors, "{}: {}", self.program, visible(text));
    }

    /// Asks whether to go on.
    pub(crate) fn confirm(&mut self, question: &str) -> Result<bool, Failure> {
        let mut answer = String::new();
        write!(self.errors, "{} [y/N] ", visible(question))?;
        self.errors.flush()?;
        self.input.by_ref().take(64).read_line(&mut answer)?;
        Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "Yes" | "YES"))
    }

    /// Asks for a password at the terminal, without showing it; says `or_else` if there is none.
    pub(crate) fn ask_password(&self, prompt: &str, or_else: &str) -> Result<SecretString, Failure> {
        if !self.can_ask {
            return Err(Failure::usage(format!("there is no terminal to ask for a password: {or_else}")));
        }
        // At Ctrl-C, rpassword sends the signal while the terminal is still told not to show what is typed. With somebody
        // to catch it, the terminal is given back first.
        #[cfg(unix)]
        let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
        let answer = rpassword::prompt_password(visible(prompt));
        let password = SecretString::from(answer.map_err(|error| unanswered(&error))?);
        #[cfg(unix)]
        tokio::spawn(async move {
            interrupt.recv().await;
            std::process::exit(Exit::Interrupted.code().into());
        });
        if password.expose_secret().is_empty() { Err(no_password()) } else { Ok(password) }
    }

    /// The first line of the standard input: all of it, but for the line break.
    pub(crate) fn first_line(&mut self) -> Result<SecretString, Failure> {
        if self.can_ask {
            return Err(Failure::usage("the standard input is a terminal: leave --password-stdin out, to be asked"));
        }
        // A longer one is cut here, and refused for its length later.
        let mut line = Vec::with_capacity(MAX_PASSWORD_LEN + 3);
        let most = u64::try_from(line.capacity()).unwrap_or(u64::MAX);
        let read = self.input.by_ref().take(most).read_until(b'\n', &mut line);
        read.map_err(|error| Failure::usage(format!("the standard input cannot be read: {error}")))?;
        let line = String::from_utf8(line).map_err(|_| Failure::usage("the password is not UTF-8"))?;
        let line = SecretString::from(line);
        let text = line.expose_secret();
        let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
        if text.is_empty() { Err(no_password()) } else { Ok(text.into()) }
    }
}

fn no_password() -> Failure {
    Failure::usage("no password was given")
}

fn unanswered(error: &io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::Interrupted => Failure::Interrupted,
        io::ErrorKind::UnexpectedEof => no_password(),
        _ => Failure::usage(format!("no password can be asked for: {error}")),
    }
}

impl Default for Console {
    fn default() -> Self {
        Self::standard()
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").field("can_ask", &self.can_ask).finish_non_exhaustive()
    }
}
