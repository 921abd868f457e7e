// SPDX-License-Identifier: MIT
using System;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Mobivate
{
    /// <summary>Options of a new client. What is null keeps its default.</summary>
    public sealed class MobivateOptions
    {
        /// <summary>Where the service is; by default https://api.mobivatebulksms.com.</summary>
        public string BaseUrl { get; set; }

        /// <summary>How long a whole call may take; by default 30 seconds.</summary>
        public TimeSpan? Timeout { get; set; }

        /// <summary>How long it may take to resolve, connect and shake hands; by default 10 seconds.</summary>
        public TimeSpan? ConnectTimeout { get; set; }

        /// <summary>A PEM file of certificates to trust, in place of the system's.</summary>
        public string CaFile { get; set; }

        /// <summary>A directory of such certificates, hashed as by <c>openssl rehash</c>.</summary>
        public string CaDirectory { get; set; }

        /// <summary>The URL of a proxy, or "" for none; by default the environment's, as with curl.</summary>
        public string Proxy { get; set; }

        /// <summary>The User-Agent header; by default libmobivate/VERSION.</summary>
        public string UserAgent { get; set; }
    }

    /// <summary>
    /// Creates API keys, asks for them and tests them, and keeps a connection for the next call. A client makes one call at a time; any thread
    /// may use it.
    /// </summary>
    public sealed class MobivateClient : IDisposable
    {
        private const string BusyText =
            "The client is in a call on another thread. What becomes of the old key is that call's to tell.";

        // What a call says of the old key where nothing was sent: nothing, where it would not change it.
        private const string StillWorks = "The old key still works.";
        private const string NotSent = "Nothing was sent.";

        private readonly object gate = new object();
        private readonly Native.Functions library;
        private readonly ClientHandle handle;
        private bool inCall;
        private bool disposed;

        /// <summary>Makes a client. Sends nothing.</summary>
        /// <exception cref="DllNotFoundException">The library is missing, or of another version.</exception>
        /// <exception cref="MobivateException">An option cannot be used.</exception>
        public MobivateClient(MobivateOptions options = null)
        {
            library = Native.Library;
            if (library.Problem != null) throw new DllNotFoundException(library.Problem);
            handle = new ClientHandle();
            if (handle.IsInvalid)
            {
                throw new MobivateException("There was no memory for a client. " + StillWorks, new Failure(Status.NoMemory, KeyState.Unchanged));
            }
            try
            {
                if (options != null) Apply(options);
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        /// <summary>The version of the library that is loaded, such as "1.1.0".</summary>
        public static string LibraryVersion
        {
            get
            {
                if (Native.Library.Problem != null) throw new DllNotFoundException(Native.Library.Problem);
                return Marshal.PtrToStringAnsi(Native.Library.mbv_version());
            }
        }

        /// <summary>Sets an option by its name in mobivate.h, for the calls that follow.</summary>
        /// <exception cref="MobivateException">It cannot be used; nothing has changed.</exception>
        public void SetOption(string name, string value)
        {
            if (name == null) throw new ArgumentNullException(nameof(name));
            if (value == null) throw new ArgumentNullException(nameof(value));
            lock (gate)
            {
                CheckIdle();
                using (Pinned option = Pinned.Of("option's name", name, StillWorks))
                using (Pinned text = Pinned.Of("option", value, StillWorks))
                {
                    Status status = (Status)library.mbv_set(handle, option.Address, text.Address);
                    if (status != Status.Ok)
                    {
                        throw MobivateException.Of(Text(library.mbv_error_message), new Failure(status, KeyState.Unchanged), default(CancellationToken));
                    }
                }
            }
        }

        /// <summary>
        /// Creates a new API key for an account, and so revokes the one it had. Sends at most one request, and
        /// blocks until it is answered. A string cannot be wiped: see the overloads.
        /// </summary>
        /// <exception cref="MobivateException">No key was handed over; KeyState says whether the old one still works.</exception>
        /// <exception cref="MobivateCanceledException">The same, when it was cancelled.</exception>
        /// <exception cref="ObjectDisposedException">The client has been disposed of.</exception>
        public ApiKey CreateKey(string username, string password, CancellationToken cancellationToken = default(CancellationToken))
        {
            if (password == null) throw new ArgumentNullException(nameof(password));
            using (Pinned text = Pinned.Of("password", password, StillWorks)) return HandOver(library.mbv_create_key, StillWorks, username, text, cancellationToken);
        }

        /// <summary>The same with a password that the caller can wipe.</summary>
        public ApiKey CreateKey(string username, char[] password, CancellationToken cancellationToken = default(CancellationToken))
        {
            if (password == null) throw new ArgumentNullException(nameof(password));
            using (Pinned text = Pinned.Of("password", password, StillWorks)) return HandOver(library.mbv_create_key, StillWorks, username, text, cancellationToken);
        }

        /// <summary>The same with a password in UTF-8. The array is pinned, and not copied.</summary>
        public ApiKey CreateKey(string username, byte[] password, CancellationToken cancellationToken = default(CancellationToken))
        {
            if (password == null) throw new ArgumentNullException(nameof(password));
            using (Pinned text = Pinned.Of(password)) return HandOver(library.mbv_create_key, StillWorks, username, text, cancellationToken);
        }

        /// <summary>Creates a key on a thread of the call's own: no thread of the pool waits.</summary>
        public Task<ApiKey> CreateKeyAsync(string username, string password, CancellationToken cancellationToken = default(CancellationToken))
        {
            return OnOwnThread(() => CreateKey(username, password, cancellationToken));
        }

        /// <summary>The same with a password in UTF-8, which may be wiped once the task has ended.</summary>
        public Task<ApiKey> CreateKeyAsync(string username, byte[] password, CancellationToken cancellationToken = default(CancellationToken))
        {
            return OnOwnThread(() => CreateKey(username, password, cancellationToken));
        }

        /// <summary>
        /// Asks for the API key that an account has now, and changes nothing. After an exception of CreateKey with
        /// KeyState.Unknown it settles which key is valid, without revoking one more. All else is as for CreateKey.
        /// </summary>
        /// <exception cref="MobivateException">No key was handed over. Its KeyState does not tell what an earlier call has done.</exception>
        /// <exception cref="MobivateCanceledException">The same, when it was cancelled.</exception>
        /// <exception cref="ObjectDisposedException">The client has been disposed of.</exception>
        public ApiKey GetKey(string username, string password, CancellationToken cancellationToken = default(CancellationToken))
        {
            if (password == null) throw new ArgumentNullException(nameof(password));
            using (Pinned text = Pinned.Of("password", password, NotSent)) return HandOver(library.mbv_get_key, NotSent, username, text, cancellationToken);
        }

        /// <summary>The same with a password that the caller can wipe.</summary>
        public ApiKey GetKey(string username, char[] password, CancellationToken cancellationToken = default(CancellationToken))
        {
            if (password == null) throw new ArgumentNullException(nameof(password));
            using (Pinned text = Pinned.Of("password", password, NotSent)) return HandOver(library.mbv_get_key, NotSent, username, text, cancellationToken);
        }

        /// <summary>The same with a password in UTF-8. The array is pinned, and not copied.</summary>
        public ApiKey GetKey(string username, byte[] password, CancellationToken cancellationToken = default(CancellationToken))
        {
            if (password == null) throw new ArgumentNullException(nameof(password));
            using (Pinned text = Pinned.Of(password)) return HandOver(library.mbv_get_key, NotSent, username, text, cancellationToken);
        }

        /// <summary>Asks for the key on a thread of the call's own: no thread of the pool waits.</summary>
        public Task<ApiKey> GetKeyAsync(string username, string password, CancellationToken cancellationToken = default(CancellationToken))
        {
            return OnOwnThread(() => GetKey(username, password, cancellationToken));
        }

        /// <summary>The same with a password in UTF-8, which may be wiped once the task has ended.</summary>
        public Task<ApiKey> GetKeyAsync(string username, byte[] password, CancellationToken cancellationToken = default(CancellationToken))
        {
            return OnOwnThread(() => GetKey(username, password, cancellationToken));
        }

        /// <summary>
        /// Asks whether the service accepts an API key, and changes nothing: true where it does, false where it refuses the
        /// key (401). A string cannot be wiped: see the overloads.
        /// </summary>
        /// <exception cref="MobivateException">It tells nothing about the key.</exception>
        /// <exception cref="MobivateCanceledException">The same, when it was cancelled.</exception>
        /// <exception cref="ObjectDisposedException">The client, or the key, has been disposed of.</exception>
        public bool TestKey(string key, CancellationToken cancellationToken = default(CancellationToken))
        {
            if (key == null) throw new ArgumentNullException(nameof(key));
            using (Pinned text = Pinned.Of("key", key, NotSent)) return Test(text.Address, text.Size, cancellationToken);
        }

        /// <summary>The same with a key that the caller can wipe.</summary>
        public bool TestKey(char[] key, CancellationToken cancellationToken = default(CancellationToken))
        {
            if (key == null) throw new ArgumentNullException(nameof(key));
            using (Pinned text = Pinned.Of("key", key, NotSent)) return Test(text.Address, text.Size, cancellationToken);
        }

        /// <summary>The same with a key as bytes. The array is pinned, and not copied.</summary>
        public bool TestKey(byte[] key, CancellationToken cancellationToken = default(CancellationToken))
        {
            if (key == null) throw new ArgumentNullException(nameof(key));
            using (Pinned text = Pinned.Of(key)) return Test(text.Address, text.Size, cancellationToken);
        }

        /// <summary>The same with a key that was handed over. It is not copied.</summary>
        public bool TestKey(ApiKey key, CancellationToken cancellationToken = default(CancellationToken))
        {
            if (key == null) throw new ArgumentNullException(nameof(key));
            if (key.Memory.IsClosed) throw new ObjectDisposedException(nameof(ApiKey));
            return key.Memory.Use(address => Test(address, key.Length, cancellationToken));
        }

        /// <summary>Tests a key on a thread of the call's own: no thread of the pool waits.</summary>
        public Task<bool> TestKeyAsync(string key, CancellationToken cancellationToken = default(CancellationToken))
        {
            return OnOwnThread(() => TestKey(key, cancellationToken));
        }

        /// <summary>The same with a key as bytes, which may be wiped once the task has ended.</summary>
        public Task<bool> TestKeyAsync(byte[] key, CancellationToken cancellationToken = default(CancellationToken))
        {
            return OnOwnThread(() => TestKey(key, cancellationToken));
        }

        /// <summary>The same with a key that was handed over.</summary>
        public Task<bool> TestKeyAsync(ApiKey key, CancellationToken cancellationToken = default(CancellationToken))
        {
            return OnOwnThread(() => TestKey(key, cancellationToken));
        }

        /// <summary>
        /// Ends the client. A call in progress on another thread is cancelled, and has ended when this returns. A
        /// second Dispose does nothing.
        /// </summary>
        public void Dispose()
        {
            lock (gate)
            {
                if (!disposed && inCall) library.mbv_cancel(handle);
                disposed = true;
                while (inCall) Monitor.Wait(gate);
                handle.Dispose();
            }
        }

        private static Task<T> OnOwnThread<T>(Func<T> call)
        {
            return Task.Factory.StartNew(
                call, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
        }

        private ApiKey HandOver(Native.HandOverKey function, string unsent, string username, Pinned password, CancellationToken token)
        {
            if (username == null) throw new ArgumentNullException(nameof(username));
            using (Pinned name = Pinned.Of("user name", username, unsent))
            {
                IntPtr nameAddress = name.Address, passwordAddress = password.Address;
                UIntPtr nameSize = (UIntPtr)name.Size, passwordSize = (UIntPtr)password.Size;
                return InCall(token, () =>
                {
                    ApiKey key = new ApiKey();
                    UIntPtr size;
                    var status = (Status)function(
                        handle, nameAddress, nameSize, passwordAddress, passwordSize, key.Memory, (UIntPtr)KeyMemory.Capacity, out size);
                    if (status == Status.Ok)
                    {
                        key.Length = (int)size;
                        return key;
                    }
                    key.Dispose();
                    throw ExceptionOf(status, token);
                });
            }
        }

        private bool Test(IntPtr key, int size, CancellationToken token)
        {
            return InCall(token, () =>
            {
                var status = (Status)library.mbv_test_key(handle, key, (UIntPtr)size);
                if (status != Status.Ok && status != Status.Credentials) throw ExceptionOf(status, token);
                return status == Status.Ok;
            });
        }

        // The way of every call: one at a time, ended with the token, and its failure read before another can begin.
        private T InCall<T>(CancellationToken token, Func<T> call)
        {
            Begin();
            try
            {
                // Its Dispose waits for a callback that is under way: no later call is hit by it.
                using (token.Register(() => library.mbv_cancel(handle))) return call();
            }
            finally
            {
                End();
            }
        }

        private Exception ExceptionOf(Status status, CancellationToken token)
        {
            return MobivateException.Of(Text(library.mbv_error_message), FailureOf(status), token);
        }

        private Failure FailureOf(Status status)
        {
            int httpStatus = library.mbv_http_status(handle);
            int serverCode = library.mbv_server_code(handle);
            string serverMessage = Text(library.mbv_server_message);
            long retryAfter = library.mbv_retry_after_ms(handle);
            return new Failure(status, StateOf(library.mbv_key_state(handle)))
            {
                HttpStatus = httpStatus != 0 ? httpStatus : (int?)null,
                ServerCode = serverCode != 0 ? serverCode : (int?)null,
                ServerMessage = serverMessage.Length > 0 ? serverMessage : null,
                RetryAfter = retryAfter < 0 ? (TimeSpan?)null
                    : retryAfter > (long)TimeSpan.MaxValue.TotalMilliseconds - 1 ? TimeSpan.MaxValue
                    : TimeSpan.FromTicks(retryAfter * TimeSpan.TicksPerMillisecond)
            };
        }

        // What this package does not know is unknown.
        private static KeyState StateOf(int state)
        {
            return state == Native.KeyUnchanged ? KeyState.Unchanged : state == Native.KeyReplaced ? KeyState.Replaced : KeyState.Unknown;
        }

        private string Text(Native.Text getter)
        {
            int size = (int)getter(handle, IntPtr.Zero, UIntPtr.Zero);
            byte[] bytes = new byte[size + 1];
            using (Pinned pinned = Pinned.Of(bytes)) getter(handle, pinned.Address, (UIntPtr)bytes.Length);
            return Encoding.UTF8.GetString(bytes, 0, size);
        }

        private void CheckIdle()
        {
            if (disposed) throw new ObjectDisposedException(nameof(MobivateClient));
            if (inCall) throw new MobivateBusyException(BusyText, new Failure(Status.Busy, KeyState.Unknown));
        }

        private void Begin()
        {
            lock (gate)
            {
                CheckIdle();
                // What cancelled an earlier call is over; whoever cancels this one comes after.
                library.mbv_uncancel(handle);
                inCall = true;
            }
        }

        private void End()
        {
            lock (gate)
            {
                inCall = false;
                Monitor.PulseAll(gate);
            }
        }

        private void Apply(MobivateOptions options)
        {
            SetUnlessNull("base_url", options.BaseUrl);
            SetUnlessNull("timeout_ms", Milliseconds(options.Timeout));
            SetUnlessNull("connect_timeout_ms", Milliseconds(options.ConnectTimeout));
            SetUnlessNull("ca_file", options.CaFile);
            SetUnlessNull("ca_dir", options.CaDirectory);
            SetUnlessNull("proxy", options.Proxy);
            SetUnlessNull("user_agent", options.UserAgent);
        }

        private void SetUnlessNull(string name, string value)
        {
            if (value != null) SetOption(name, value);
        }

        // Rounded up: a short time is not none at all.
        private static string Milliseconds(TimeSpan? time)
        {
            return time.HasValue ? Math.Ceiling(time.Value.TotalMilliseconds).ToString(CultureInfo.InvariantCulture) : null;
        }
    }
}
