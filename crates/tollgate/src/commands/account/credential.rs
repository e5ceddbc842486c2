//! Reading a provider's credential from where others do not see it.

use std::io::{self, Read};

use anyhow::{Context, ensure};
use tollgate_base::Secret;

use crate::cli::{CredentialFields, FurtherKeyFields};

/// No provider's key is nearly as long; a wrong file is noticed here.
const MAX_BYTES: u64 = 64 << 10;

/// The credential the flags point at; `None` if they point nowhere.
pub(super) fn read(fields: &CredentialFields) -> anyhow::Result<Option<Secret<String>>> {
    let text = if let Some(name) = &fields.credential_env {
        std::env::var(name).with_context(|| format!("environment variable {name}"))?
    } else if let Some(path) = &fields.credential_file {
        let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
        limited(file).with_context(|| path.display().to_string())?
    } else if fields.credential_stdin {
        limited(io::stdin().lock()).context("standard input")?
    } else {
        return Ok(None);
    };
    let credential = text.trim();
    ensure!(!credential.is_empty(), "the credential is empty");
    ensure!(
        credential.chars().all(|c| c.is_ascii_graphic()),
        "the credential holds characters that no HTTP header can carry"
    );
    Ok(Some(Secret::from(credential)))
}

/// The further key that the flags point at; `None` if they point nowhere.
pub(super) fn read_further(fields: &FurtherKeyFields) -> anyhow::Result<Option<Secret<String>>> {
    read(&CredentialFields {
        credential_env: fields.add_credential_env.clone(),
        credential_file: fields.add_credential_file.clone(),
        credential_stdin: fields.add_credential_stdin,
    })
}

fn limited(source: impl Read) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = source.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    ensure!(u64::try_from(read)? <= MAX_BYTES, "too long for a credential");
    Ok(text)
}
