//! The signing key of this machine.

use std::fmt;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minisign::{KeyPair, PublicKey, SecretKey, SecretKeyBox};
use sys::file::{Access, FileError, create_private_dir, read_bounded, write_atomic};

use super::SIGNATURE_BYTES_MAX;
use crate::ArtifactId;

const SECRET_FILE: &str = "cutover.key";
const PUBLIC_FILE: &str = "cutover.pub";

/// A key pair that signs artifacts.
#[derive(Clone)]
pub struct SigningKey {
    secret: SecretKey,
    public: PublicKey,
}

/// Whether a key was there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOrigin {
    /// It was made just now; the user should hear of it.
    Created,
    /// It was read from its file.
    Loaded,
}

/// Why there is no signing key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A key file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The secret key's file is not one, or is encrypted with a password.
    #[error(
        "{}: not an unencrypted minisign secret key ({source}); move it away to have a new one made",
        path.display()
    )]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What minisign says.
        source: minisign::PError,
    },
    /// Others than the owner may read the secret key.
    #[error("{}: others can read this secret key (mode {mode:04o}); run `chmod 600` on it, and make a new key if they may have", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The key could not be made or used.
    #[error("cannot {operation}: {source}")]
    Minisign {
        /// What was attempted.
        operation: &'static str,
        /// What minisign says.
        source: minisign::PError,
    },
}

fn minisign_error(operation: &'static str) -> impl FnOnce(minisign::PError) -> KeyError {
    move |source| KeyError::Minisign { operation, source }
}

impl SigningKey {
    /// Loads the key pair of a directory (`cutover.key`, `cutover.pub`), making it on first use.
    ///
    /// # Errors
    /// Where the files cannot be read, written or understood, or others can read the secret key.
    pub fn load_or_create(dir: &Path) -> Result<(Self, KeyOrigin), KeyError> {
        create_private_dir(dir)?;
        let secret_path = dir.join(SECRET_FILE);
        if secret_path.exists() {
            let key = Self::load(&secret_path)?;
            key.write_public(dir)?;
            return Ok((key, KeyOrigin::Loaded));
        }
        let pair = KeyPair::generate_unencrypted_keypair()
            .map_err(minisign_error("make a signing key"))?;
        let key = Self {
            secret: pair.sk,
            public: pair.pk,
        };
        let text = key
            .secret
            .to_box(Some("cutover signing key, keep it secret"))
            .map_err(minisign_error("render the signing key"))?;
        write_atomic(&secret_path, &text.to_bytes(), Access::Private)?;
        key.write_public(dir)?;
        Ok((key, KeyOrigin::Created))
    }

    fn load(path: &Path) -> Result<Self, KeyError> {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path)
            .map_err(FileError::at("read", path))?
            .permissions()
            .mode()
            & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Exposed {
                path: path.to_owned(),
                mode,
            });
        }
        let bytes = read_bounded(path, SIGNATURE_BYTES_MAX)?;
        let invalid = |source| KeyError::Invalid {
            path: path.to_owned(),
            source,
        };
        let text = String::from_utf8_lossy(&bytes);
        let secret = SecretKeyBox::from_string(&text)
            .and_then(SecretKeyBox::into_unencrypted_secret_key)
            .or_else(|e| without_checksum(&text).ok_or(e))
            .map_err(invalid)?;
        let public = PublicKey::from_secret_key(&secret).map_err(invalid)?;
        Ok(Self { secret, public })
    }

    /// Writes `cutover.pub` where it is not there as it should be.
    fn write_public(&self, dir: &Path) -> Result<(), KeyError> {
        let path = dir.join(PUBLIC_FILE);
        let bytes = self.public_file()?;
        if read_bounded(&path, SIGNATURE_BYTES_MAX).is_ok_and(|found| found == bytes) {
            return Ok(());
        }
        Ok(write_atomic(&path, &bytes, Access::Shared)?)
    }

    /// The bytes of the public key's file, to be pinned where artifacts are verified.
    ///
    /// # Errors
    /// Where minisign cannot render it.
    pub fn public_file(&self) -> Result<Vec<u8>, KeyError> {
        let text = self.public.to_box();
        let text = text.map_err(minisign_error("render the public key"))?;
        Ok(text.to_bytes())
    }

    pub(super) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The key's id, as minisign shows it.
    pub fn id(&self) -> String {
        super::trust::key_id(self.public.keynum())
    }

    /// Signs a manifest; the signature file's bytes come back.
    pub(crate) fn sign(&self, manifest: &[u8], id: &ArtifactId) -> Result<Vec<u8>, KeyError> {
        self.sign_as("artifact", manifest, id)
    }

    /// Signs the manifest of something else that is made here.
    pub(crate) fn sign_as(
        &self,
        what: &str,
        manifest: &[u8],
        id: &ArtifactId,
    ) -> Result<Vec<u8>, KeyError> {
        let trusted = format!("cutover {what} {id}");
        let untrusted = format!("signature of a cutover {what}'s manifest");
        minisign::sign(
            Some(&self.public),
            &self.secret,
            Cursor::new(manifest),
            Some(&trusted),
            Some(&untrusted),
        )
        .map(|signature| signature.to_bytes())
        .map_err(minisign_error("sign the manifest"))
    }
}

/// Reads an unencrypted key as the `minisign` tool writes it (`minisign -G -W`): its checksum is zero,
/// which the library takes for damage.
fn without_checksum(text: &str) -> Option<SecretKey> {
    const CHECKSUM_BYTES: usize = 32;
    let bytes = STANDARD.decode(text.lines().nth(1)?.trim()).ok()?;
    let kdf_algorithm = bytes.get(2..4)?;
    let checksum = bytes.get(bytes.len().checked_sub(CHECKSUM_BYTES)?..)?;
    let unencrypted = kdf_algorithm == [0; 2] && checksum == [0; CHECKSUM_BYTES];
    unencrypted.then(|| SecretKey::from_bytes(&bytes).ok())?
}

/// Shows the key's id only.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.id())
    }
}
