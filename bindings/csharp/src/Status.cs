// SPDX-License-Identifier: MIT
namespace Mobivate
{
    /// <summary>Why a call failed: the library's status values.</summary>
#if NET8_0_OR_GREATER
    [System.Text.Json.Serialization.JsonConverter(typeof(System.Text.Json.Serialization.JsonStringEnumConverter<Status>))]
#endif
    public enum Status
    {
        /// <summary>It did not.</summary>
        Ok = 0,

        /// <summary>A user name, password, key or option that cannot be used. Nothing was sent.</summary>
        InvalidArgument = -1,

        /// <summary>An allocation failed.</summary>
        NoMemory = -2,

        /// <summary>The client is in a call on another thread.</summary>
        Busy = -3,

        /// <summary>The call was cancelled, or the client disposed of.</summary>
        Cancelled = -4,

        /// <summary>The time-out of the call, or of connecting, has passed.</summary>
        Timeout = -5,

        /// <summary>The host's or the proxy's name was not found.</summary>
        Resolve = -6,

        /// <summary>Refused or unreachable.</summary>
        Connect = -7,

        /// <summary>The handshake or the certificate failed.</summary>
        Tls = -8,

        /// <summary>The connection broke.</summary>
        Transport = -9,

        /// <summary>The server refused the user name or the password (401).</summary>
        Credentials = -10,

        /// <summary>The server asks to slow down (429).</summary>
        RateLimited = -11,

        /// <summary>The server refused the request (any other 4xx).</summary>
        Rejected = -12,

        /// <summary>The server failed (5xx).</summary>
        Server = -13,

        /// <summary>An answer that the API does not document.</summary>
        Protocol = -14,

        /// <summary>Never seen: a key of any size is handed over.</summary>
        BufferTooSmall = -15,

        /// <summary>A bug in libmobivate.</summary>
        Internal = -99
    }

    /// <summary>
    /// What a call did to the key that the account had. A value that was lost on its way is Unknown. GetKey and TestKey
    /// change no key: it is Unchanged after them.
    /// </summary>
#if NET8_0_OR_GREATER
    [System.Text.Json.Serialization.JsonConverter(typeof(System.Text.Json.Serialization.JsonStringEnumConverter<KeyState>))]
#endif
    public enum KeyState
    {
        /// <summary>The old key may be revoked: ask with GetKey for the key that the account has now.</summary>
        Unknown = 0,

        /// <summary>The old key surely still works.</summary>
        Unchanged = 1,

        /// <summary>The old key is revoked.</summary>
        Replaced = 2
    }
}
