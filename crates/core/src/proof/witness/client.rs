//! What whoever asked a witness makes of its answer.

use super::super::note::{Key, MAX_SIGNATURES, Note, NoteSignature};
use crate::error::{Error, ErrorCode, Result, excerpt};

/// Takes the cosignature of one witness from its answer: the lines of signatures, each with LF. Those of other keys are
/// left out, and of several by this one the first is taken. Gives the note with it, and its Unix time in seconds.
///
/// Errors: [`ErrorCode::NoteMalformed`] for an answer that is no such lines, [`ErrorCode::NoteSignature`] for one by this
/// key that does not hold, [`ErrorCode::NoteUntrusted`] if there is none.
pub fn take_cosignature(note: &Note, answer: &str, key: &Key) -> Result<(Note, u64)> {
    let Some(lines) = answer.strip_suffix('\n') else {
        return Err(Error::new(ErrorCode::NoteMalformed, "the answer does not end with a line feed"));
    };
    let signatures: Vec<_> = lines.split('\n').take(MAX_SIGNATURES).map(NoteSignature::parse).collect::<Result<_>>()?;
    let Some(signature) = signatures.into_iter().find(|signature| signature.is_by(key)) else {
        let message = format!("the answer has no cosignature of {}", excerpt(key.name()));
        return Err(Error::new(ErrorCode::NoteUntrusted, message));
    };
    let mut cosigned = Note::new(note.text())?;
    cosigned.add(signature.clone());
    let known = [key.clone()];
    let time = cosigned.check(&known)?.first().and_then(|signed| signed.time).unwrap_or_default();
    let mut note = note.clone();
    note.add(signature);
    Ok((note, time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::Hash;
    use crate::key::KeyPair;
    use crate::proof::checkpoint::Checkpoint;
    use crate::proof::note::Kind;

    #[test]
    fn the_cosignature_of_the_witness_that_was_asked_is_taken_and_nothing_else() {
        let pair = |number: u8| KeyPair::from_seed(&[number; 32]);
        let key = |number: u8| Key::new("w.example", Kind::Witness, pair(number).public()).unwrap();
        let log = Key::new("example.com/a", Kind::Log, pair(1).public()).unwrap();
        let text = Checkpoint::new("example.com/a", 3, Hash::of(b"root")).unwrap().to_string();
        let mut note = Note::new(text.clone()).unwrap();
        note.add(log.sign(&text, &pair(1)).unwrap());
        let line = |number: u8, text: &str| format!("{}\n", key(number).cosign(text, &pair(number), 5).unwrap());
        let both = line(3, &text) + &line(2, &text);
        let (cosigned, time) = take_cosignature(&note, &both, &key(2)).unwrap();
        assert_eq!(time, 5);
        assert_eq!(cosigned.to_string(), format!("{note}{}", line(2, &text)));
        let code = |answer: &str, number: u8| take_cosignature(&note, answer, &key(number)).unwrap_err().code;
        assert_eq!(code(&both, 4), ErrorCode::NoteUntrusted);
        assert_eq!(code(&line(2, "another\n"), 2), ErrorCode::NoteSignature);
        for answer in ["", "\n", "ok\n", line(2, &text).trim_end(), &format!("{}\n", line(2, &text))] {
            assert_eq!(code(answer, 2), ErrorCode::NoteMalformed, "{answer:?}");
        }
    }
}
