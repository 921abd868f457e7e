// SPDX-License-Identifier: MIT
use std::ffi::CString;
use std::fmt;
use std::fs;
use std::os::raw::c_char;
use std::path::Path;
use std::ptr::{self, NonNull};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mobivate_sys as sys;

use crate::error::{Details, Error, KeyState};
use crate::key::Key;

/// One connection's worth of settings and state.
///
/// A client makes one call at a time, and keeps its connection for the next one. Different clients are
/// independent. A client can be sent to another thread, and shared as any value is that takes
/// `&mut self`: in a `Mutex`, say.
///
/// A second call during a call does not compile:
///
/// ```compile_fail,E0499
/// let mut client = mobivate::Client::new().unwrap();
/// std::thread::scope(|scope| {
///     scope.spawn(|| client.create_key("first.last@example.com", "your-pass"));
///     scope.spawn(|| client.create_key("first.last@example.com", "your-pass"));
/// });
/// ```
///
/// Neither does one on a client that is closed:
///
/// ```compile_fail,E0382
/// let mut client = mobivate::Client::new().unwrap();
/// drop(client);
/// client.create_key("first.last@example.com", "your-pass");
/// ```
pub struct Client {
    raw: NonNull<sys::mbv_client>,
    cancel: CancelHandle,
}

// SAFETY: the library lets a client be used from any thread, by one at a time. Every use of it takes
// `&mut self`, apart from cancelling, which the library allows at any time.
unsafe impl Send for Client {}
unsafe impl Sync for Client {}

impl Client {
    /// Makes a client with every option at its default. Sends nothing.
    ///
    /// # Errors
    ///
    /// [`Error::IncompatibleLibrary`] when the libmobivate that is loaded does not suit this crate, and
    /// [`Error::NoMemory`].
    pub fn new() -> Result<Client, Error> {
        check_library()?;
        // SAFETY: may be called at any time, from any thread.
        let raw = NonNull::new(unsafe { sys::mbv_new() }).ok_or_else(|| {
            Error::NoMemory(Details::unsent(
                "There was no memory for a client. The old key still works.".to_owned(),
            ))
        })?;
        Ok(Client { raw, cancel: CancelHandle(Arc::new(Mutex::new(Target(raw.as_ptr())))) })
    }

    /// Where the service is. The default is `https://api.mobivatebulksms.com`; an `http://` URL is refused,
    /// except to a loopback address.
    pub fn set_base_url(&mut self, url: &str) -> Result<(), Error> {
        self.set_option("base_url", url)
    }

    /// How long a whole call may take. The default is 30 seconds.
    pub fn set_timeout(&mut self, timeout: Duration) -> Result<(), Error> {
        self.set_option("timeout_ms", &milliseconds(timeout))
    }

    /// How long it may take to resolve, connect and shake hands. The default is 10 seconds.
    pub fn set_connect_timeout(&mut self, timeout: Duration) -> Result<(), Error> {
        self.set_option("connect_timeout_ms", &milliseconds(timeout))
    }

    /// A PEM file of the certificates to trust, in place of the system's.
    pub fn set_ca_file(&mut self, path: impl AsRef<Path>) -> Result<(), Error> {
        self.set_path("ca_file", path.as_ref())
    }

    /// A directory of such certificates, hashed as by `openssl rehash`.
    pub fn set_ca_dir(&mut self, path: impl AsRef<Path>) -> Result<(), Error> {
        self.set_path("ca_dir", path.as_ref())
    }

    /// The URL of a proxy, or an empty text for none. The default is the environment's, as with curl.
    pub fn set_proxy(&mut self, url: &str) -> Result<(), Error> {
        self.set_option("proxy", url)
    }

    /// The `User-Agent` header. The default is `libmobivate/VERSION`.
    pub fn set_user_agent(&mut self, user_agent: &str) -> Result<(), Error> {
        self.set_option("user_agent", user_agent)
    }

    /// Sets an option by its name in `mobivate.h`, for one that this crate does not know yet.
    ///
    /// # Errors
    ///
    /// This and the other setters fail with [`Error::InvalidArgument`], which names the option and what is
    /// wrong, and [`Error::NoMemory`]. Then nothing is changed.
    pub fn set_option(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let (option, value) = match (CString::new(name), CString::new(value)) {
            (Ok(option), Ok(value)) => (option, value),
            _ => return Err(refused(name, "contains a NUL")),
        };
        // SAFETY: the client lives, and both texts end with a NUL.
        let status = unsafe { sys::mbv_set(self.raw.as_ptr(), option.as_ptr(), value.as_ptr()) };
        if status == sys::MBV_OK {
            return Ok(());
        }
        // The library's getters describe the last call, not this.
        Err(Error::new(status, Details::unsent(self.error_message())))
    }

    fn set_path(&mut self, option: &str, path: &Path) -> Result<(), Error> {
        let text = path.to_str();
        self.set_option(option, text.ok_or_else(|| refused(option, "is not UTF-8"))?)
    }

    /// Creates a new API key for an account, and so revokes the one it had. Sends at most one request, and
    /// blocks until it is answered.
    ///
    /// Both texts are UTF-8, 1 byte to 64 KiB each. The password is not copied: pass `&bytes` of a buffer
    /// that you wipe afterwards.
    ///
    /// # Errors
    ///
    /// See [`Error`]; [`Error::key_state`] tells whether the old key still works.
    pub fn create_key(&mut self, username: &str, password: impl AsRef<[u8]>) -> Result<Key, Error> {
        self.hand_over(sys::mbv_create_key, username.as_bytes(), password.as_ref())
    }

    /// Asks for the API key that an account has now, and changes nothing. After an error of
    /// [`Client::create_key`] with [`KeyState::Unknown`] it settles which key is valid, without revoking one more.
    ///
    /// All else is as for [`Client::create_key`].
    ///
    /// # Errors
    ///
    /// See [`Error`]. Its key state is [`KeyState::Unchanged`]: it does not tell what an earlier call has done.
    pub fn get_key(&mut self, username: &str, password: impl AsRef<[u8]>) -> Result<Key, Error> {
        self.hand_over(sys::mbv_get_key, username.as_bytes(), password.as_ref())
    }

    /// Asks whether the service accepts an API key, and changes nothing: true where it does, false where it refuses
    /// the key (401).
    ///
    /// The key is a [`Key`], a text or bytes: 1 to 4096 bytes of printable ASCII without spaces. It is not copied.
    ///
    /// # Errors
    ///
    /// See [`Error`]. It tells nothing about the key.
    pub fn test_key(&mut self, key: impl AsRef<[u8]>) -> Result<bool, Error> {
        let key = key.as_ref();
        // SAFETY: the client lives, `&mut self` makes this its only call, and the size is that of the key.
        match unsafe { sys::mbv_test_key(self.raw.as_ptr(), key.as_ptr().cast(), key.len()) } {
            sys::MBV_OK => Ok(true),
            sys::MBV_ERR_CREDENTIALS => Ok(false),
            status => Err(Error::new(status, self.details())),
        }
    }

    fn hand_over(&mut self, call: HandOver, username: &[u8], password: &[u8]) -> Result<Key, Error> {
        // Large enough for every key, and there before the request: once a key exists, nothing can fail.
        let mut key = Key::new();
        // SAFETY: the client lives, `&mut self` makes this its only call, and the sizes are those of the
        // buffers.
        let status = unsafe {
            call(
                self.raw.as_ptr(),
                username.as_ptr().cast(),
                username.len(),
                password.as_ptr().cast(),
                password.len(),
                key.buffer.as_mut_ptr().cast(),
                key.buffer.len(),
                &mut key.size,
            )
        };
        if status == sys::MBV_OK {
            Ok(key)
        } else {
            Err(Error::new(status, self.details()))
        }
    }

    /// A handle that ends this client's calls from any thread.
    pub fn cancel_handle(&self) -> CancelHandle {
        self.cancel.clone()
    }

    fn details(&self) -> Box<Details> {
        let client = self.raw.as_ptr();
        // SAFETY: the client lives.
        let (key_state, http_status, server_code, retry_after_ms) = unsafe {
            (
                sys::mbv_key_state(client),
                sys::mbv_http_status(client),
                sys::mbv_server_code(client),
                sys::mbv_retry_after_ms(client),
            )
        };
        let server_message =
            text(|buffer, capacity| unsafe { sys::mbv_server_message(client, buffer, capacity) });
        Box::new(Details {
            message: self.error_message(),
            key_state: match key_state {
                sys::MBV_KEY_UNCHANGED => KeyState::Unchanged,
                sys::MBV_KEY_REPLACED => KeyState::Replaced,
                _ => KeyState::Unknown,
            },
            http_status: u16::try_from(http_status).ok().filter(|&status| status != 0),
            server_code: Some(server_code).filter(|&code| code != 0),
            server_message: Some(server_message).filter(|message| !message.is_empty()),
            retry_after: u64::try_from(retry_after_ms).ok().map(Duration::from_millis),
        })
    }

    fn error_message(&self) -> String {
        let client = self.raw.as_ptr();
        text(|buffer, capacity| unsafe { sys::mbv_error_message(client, buffer, capacity) })
    }
}

/// `mbv_create_key` or `mbv_get_key`.
type HandOver = unsafe extern "C" fn(
    *mut sys::mbv_client,
    *const c_char,
    usize,
    *const c_char,
    usize,
    *mut c_char,
    usize,
    *mut usize,
) -> i32;

impl Drop for Client {
    fn drop(&mut self) {
        let mut target = self.cancel.target();
        // SAFETY: no call is in progress, since that borrows the client, and handles see null from here on.
        unsafe { sys::mbv_free(target.0) };
        target.0 = ptr::null_mut();
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Client")
    }
}

/// Ends the calls of the client that it comes from, from any thread.
///
/// ```no_run
/// # use std::{thread, time::Duration};
/// let mut client = mobivate::Client::new()?;
/// let handle = client.cancel_handle();
/// thread::spawn(move || {
///     thread::sleep(Duration::from_secs(3));
///     handle.cancel();
/// });
/// let key = client.create_key("first.last@example.com", "your-pass")?;
/// # Ok::<(), mobivate::Error>(())
/// ```
#[derive(Clone)]
pub struct CancelHandle(Arc<Mutex<Target>>);

/// The client that a handle ends the calls of; null once that is freed. The lock keeps it alive during
/// a use, and is never held during a call.
struct Target(*mut sys::mbv_client);

// SAFETY: the library lets calls be cancelled from any thread.
unsafe impl Send for Target {}

impl CancelHandle {
    /// Ends the call in progress within 50 ms, whatever it is waiting for, and every later one at once, with
    /// [`Error::Cancelled`], until [`CancelHandle::uncancel`]. Does nothing once the client is dropped.
    pub fn cancel(&self) {
        let target = self.target();
        // SAFETY: the client lives as long as the lock is held, or it is null, which is fine.
        unsafe { sys::mbv_cancel(target.0) };
    }

    /// Undoes [`CancelHandle::cancel`]: later calls are made again.
    pub fn uncancel(&self) {
        let target = self.target();
        // SAFETY: likewise.
        unsafe { sys::mbv_uncancel(target.0) };
    }

    fn target(&self) -> MutexGuard<'_, Target> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for CancelHandle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CancelHandle")
    }
}

fn check_library() -> Result<(), Error> {
    // SAFETY: may be called at any time.
    let number = unsafe { sys::mbv_version_number() };
    if (10100..20000).contains(&number) {
        return Ok(());
    }
    Err(Error::IncompatibleLibrary(Details::unsent(format!(
        "found libmobivate {} ({}); this crate needs >= 1.1.0, < 2. Nothing was sent, and the old key still works.",
        crate::version(),
        library_file().unwrap_or_else(|| "libmobivate.so.1".to_owned()),
    ))))
}

/// The file that the library was loaded from, where the system tells.
fn library_file() -> Option<String> {
    // SAFETY: may be called at any time. The text lies in the library.
    let address = unsafe { sys::mbv_version() } as usize;
    let mapped = fs::read_to_string("/proc/self/maps").ok()?;
    mapped.lines().find_map(|line| {
        let (start, rest) = line.split_once('-')?;
        let (end, rest) = rest.split_once(' ')?;
        let here = usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?;
        let path = &rest[rest.find('/')?..];
        here.contains(&address).then(|| path.to_owned())
    })
}

fn refused(option: &str, why: &str) -> Error {
    Error::InvalidArgument(Details::unsent(format!("The option {option:?} {why}.")))
}

/// Rounded up, so that a short time does not become none.
fn milliseconds(time: Duration) -> String {
    ((time.as_nanos() + 999_999) / 1_000_000).to_string()
}

/// A text that a getter writes into a buffer and tells the full size of.
fn text(getter: impl Fn(*mut c_char, usize) -> usize) -> String {
    let size = getter(ptr::null_mut(), 0);
    let mut buffer = vec![0; size + 1];
    getter(buffer.as_mut_ptr().cast(), buffer.len());
    buffer.truncate(size);
    String::from_utf8_lossy(&buffer).into_owned()
}
