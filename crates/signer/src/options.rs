//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

/// Shown for `--help` and behind every complaint.
pub(crate) const USAGE: &str = "\
usage: sealwright-signer --folder DIR --socket PATH --allow-uid UID... [options]
       sealwright-signer --folder DIR --adopt LEDGER

Signs the events of ledgers for processes of other users, each place once.

  --folder DIR        signing.key, and what was signed; 0700 and of this user
  --socket PATH       where to listen
  --allow-uid UID     a user who may have events signed; may be given several times
  --socket-mode MODE  who can reach the socket: 0600, 0660 (default) or 0666
  --ledgers N         ledgers to sign for, in all; default 1
  --create-key        make a key when there is none
  --adopt LEDGER      verify a ledger that was begun without this signer, and sign
                      what follows its last event from now on; then end
  --help              this text
";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Serve(Serve),
    Adopt { folder: PathBuf, ledger: PathBuf },
    Help,
}

/// How to serve.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Serve {
    pub(crate) folder: PathBuf,
    pub(crate) socket: PathBuf,
    pub(crate) socket_mode: u32,
    /// Users that are answered, one at least.
    pub(crate) allowed: Vec<u32>,
    /// Ledgers that may be begun or adopted in all.
    pub(crate) ledgers: usize,
    pub(crate) create_key: bool,
}

impl Command {
    /// Reads arguments, without the name of the program.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        let (mut folder, mut socket, mut adopt) = (None, None, None);
        let (mut socket_mode, mut allowed, mut ledgers, mut create_key) = (0o660, Vec::new(), 1, false);
        let mut arguments = arguments.into_iter();
        while let Some(name) = arguments.next() {
            let name = name.to_str().unwrap_or_default().to_owned();
            let mut value = || arguments.next().ok_or_else(|| format!("{name} needs a value"));
            match name.as_str() {
                "--folder" => folder = Some(PathBuf::from(value()?)),
                "--socket" => socket = Some(PathBuf::from(value()?)),
                "--adopt" => adopt = Some(PathBuf::from(value()?)),
                "--allow-uid" => allowed.push(number(&name, &value()?)?),
                "--ledgers" => ledgers = number(&name, &value()?)?,
                "--socket-mode" => socket_mode = mode(&value()?)?,
                "--create-key" => create_key = true,
                "--help" => return Ok(Self::Help),
                _ => return Err(format!("there is no option {name:?}")),
            }
        }
        let folder = folder.ok_or("--folder is missing")?;
        if let Some(ledger) = adopt {
            return Ok(Self::Adopt { folder, ledger });
        }
        let socket = socket.ok_or("--socket is missing")?;
        if allowed.is_empty() {
            return Err("--allow-uid is missing: nobody could have anything signed".to_owned());
        }
        Ok(Self::Serve(Serve { folder, socket, socket_mode, allowed, ledgers, create_key }))
    }
}

fn number<T: std::str::FromStr>(name: &str, value: &OsString) -> Result<T, String> {
    let text = value.to_str().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    text.and_then(|text| text.parse().ok()).ok_or_else(|| format!("{name} takes a number, found {value:?}"))
}

fn mode(value: &OsString) -> Result<u32, String> {
    match value.to_str() {
        Some("0600" | "600") => Ok(0o600),
        Some("0660" | "660") => Ok(0o660),
        Some("0666" | "666") => Ok(0o666),
        _ => Err(format!("--socket-mode takes 0600, 0660 or 0666, found {value:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, String> {
        Command::parse(line.split_whitespace().map(OsString::from))
    }

    #[test]
    fn a_command_line_is_read_or_refused_as_a_whole() {
        let serve = |socket_mode, allowed, ledgers, create_key| {
            let (folder, socket) = ("f".into(), "s".into());
            Ok(Command::Serve(Serve { folder, socket, socket_mode, allowed, ledgers, create_key }))
        };
        assert_eq!(parse("--folder f --socket s --allow-uid 7"), serve(0o660, vec![7], 1, false));
        assert_eq!(
            parse("--create-key --allow-uid 7 --allow-uid 0 --socket s --folder f --ledgers 9 --socket-mode 0600"),
            serve(0o600, vec![7, 0], 9, true)
        );
        assert_eq!(parse("--folder f --adopt l"), Ok(Command::Adopt { folder: "f".into(), ledger: "l".into() }));
        assert_eq!(parse("--help"), Ok(Command::Help));
        for bad in [
            "",
            "--folder f",
            "--folder f --socket s",
            "--socket s --allow-uid 7",
            "--folder f --socket s --allow-uid",
            "--folder f --socket s --allow-uid -1",
            "--folder f --socket s --allow-uid +1",
            "--folder f --socket s --allow-uid nobody",
            "--folder f --socket s --allow-uid 4294967296",
            "--folder f --socket s --allow-uid 7 --socket-mode 0777",
            "--folder f --socket s --allow-uid 7 more",
            "--folder f --socket s --allow-uid 7 --verbose",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
