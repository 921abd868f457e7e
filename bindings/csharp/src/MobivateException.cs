// SPDX-License-Identifier: MIT
using System;

namespace Mobivate
{
    /// <summary>What is known of a call that handed over no key. Every exception of a call has one.</summary>
    public sealed class Failure
    {
        internal Failure(Status status, KeyState keyState)
        {
            Status = status;
            KeyState = keyState;
        }

        /// <summary>Why the call failed.</summary>
        public Status Status { get; }

        /// <summary>What became of the old key.</summary>
        public KeyState KeyState { get; }

        /// <summary>The status code of the answer; null when none came.</summary>
        public int? HttpStatus { get; internal set; }

        /// <summary>The member "code" of the answer's JSON; null without one.</summary>
        public int? ServerCode { get; internal set; }

        /// <summary>The member "message" of the answer's JSON; null without one.</summary>
        public string ServerMessage { get; internal set; }

        /// <summary>How long the server asks to wait; null when it did not say.</summary>
        public TimeSpan? RetryAfter { get; internal set; }
    }

    /// <summary>A call that handed over no key. The message says what became of the old one.</summary>
    public class MobivateException : Exception
    {
        internal MobivateException(string message, Failure failure)
            : base(message)
        {
            Failure = failure;
        }

        /// <summary>What is known of the call.</summary>
        public Failure Failure { get; }

        /// <summary>Why the call failed.</summary>
        public Status Status
        {
            get { return Failure.Status; }
        }

        /// <summary>What became of the old key.</summary>
        public KeyState KeyState
        {
            get { return Failure.KeyState; }
        }

        internal static Exception Of(string message, Failure failure, System.Threading.CancellationToken token)
        {
            switch (failure.Status)
            {
                case Status.InvalidArgument:
                    return new MobivateArgumentException(message, failure);
                case Status.Busy:
                    return new MobivateBusyException(message, failure);
                case Status.Cancelled:
                    return new MobivateCanceledException(message, failure, token);
                case Status.Timeout:
                    return new MobivateTimeoutException(message, failure);
                case Status.Resolve:
                case Status.Connect:
                case Status.Tls:
                case Status.Transport:
                    return new MobivateConnectionException(message, failure);
                case Status.Credentials:
                case Status.RateLimited:
                case Status.Rejected:
                    return new MobivateRefusedException(message, failure);
                case Status.Server:
                case Status.Protocol:
                    return new MobivateServerException(message, failure);
                default:
                    return new MobivateException(message, failure);
            }
        }
    }

    /// <summary>A user name, password or option that cannot be used. Nothing was sent.</summary>
    public sealed class MobivateArgumentException : MobivateException
    {
        internal MobivateArgumentException(string message, Failure failure)
            : base(message, failure) { }
    }

    /// <summary>The client is in a call on another thread, which goes on.</summary>
    public sealed class MobivateBusyException : MobivateException
    {
        internal MobivateBusyException(string message, Failure failure)
            : base(message, failure) { }
    }

    /// <summary>The time-out of the call, or of connecting, has passed.</summary>
    public sealed class MobivateTimeoutException : MobivateException
    {
        internal MobivateTimeoutException(string message, Failure failure)
            : base(message, failure) { }
    }

    /// <summary>No connection came about, or it broke: a name, a port, a certificate, the network.</summary>
    public sealed class MobivateConnectionException : MobivateException
    {
        internal MobivateConnectionException(string message, Failure failure)
            : base(message, failure) { }
    }

    /// <summary>The server refused (4xx). Ask <see cref="MobivateException.KeyState"/> for the old key.</summary>
    public sealed class MobivateRefusedException : MobivateException
    {
        internal MobivateRefusedException(string message, Failure failure)
            : base(message, failure) { }
    }

    /// <summary>The server failed (5xx), or its answer is none that the API documents.</summary>
    public sealed class MobivateServerException : MobivateException
    {
        internal MobivateServerException(string message, Failure failure)
            : base(message, failure) { }
    }

    /// <summary>The call was cancelled, or the client disposed of. It tells what became of the old key, too.</summary>
    public sealed class MobivateCanceledException : OperationCanceledException
    {
        internal MobivateCanceledException(string message, Failure failure, System.Threading.CancellationToken token)
            : base(message, token)
        {
            Failure = failure;
        }

        /// <summary>What is known of the call.</summary>
        public Failure Failure { get; }

        /// <summary>What became of the old key.</summary>
        public KeyState KeyState
        {
            get { return Failure.KeyState; }
        }
    }
}
