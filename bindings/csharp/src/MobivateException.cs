// SPDX-License-Identifier: MIT
using System;
#if !NET8_0_OR_GREATER
using System.Runtime.Serialization;
#endif

namespace Mobivate
{
    /// <summary>What is known of a call that failed. Every exception of a call has one.</summary>
    [Serializable]
    public sealed class Failure
    {
        internal Failure(Status status, KeyState keyState)
        {
            Status = status;
            KeyState = keyState;
        }

        /// <summary>Why the call failed.</summary>
        public Status Status { get; }

        /// <summary>Whether the old key still works.</summary>
        public KeyState KeyState { get; }

        /// <summary>The status code of the answer; null when none came.</summary>
        public int? HttpStatus { get; internal set; }

        /// <summary>The member "code" of the answer's JSON; null without one.</summary>
        public int? ServerCode { get; internal set; }

        /// <summary>The member "message" of the answer's JSON; null without one.</summary>
        public string ServerMessage { get; internal set; }

        /// <summary>How long the server asks to wait; null when it did not say.</summary>
        public TimeSpan? RetryAfter { get; internal set; }

#if !NET8_0_OR_GREATER
        /// <summary>What an exception has brought from another application domain. What did not arrive is unknown.</summary>
        internal static Failure From(SerializationInfo info)
        {
            foreach (SerializationEntry entry in info)
            {
                if (entry.Name == nameof(Failure) && entry.Value is Failure) return (Failure)entry.Value;
            }
            return new Failure(Status.Internal, KeyState.Unknown);
        }
#endif
    }

    /// <summary>A call that failed. Where it was to create a key, the message says whether the old one still works.</summary>
    [Serializable]
    public class MobivateException : Exception
    {
        internal MobivateException(string message, Failure failure)
            : base(message)
        {
            Failure = failure;
        }

#if !NET8_0_OR_GREATER
        /// <summary>Comes from another application domain.</summary>
        protected MobivateException(SerializationInfo info, StreamingContext context)
            : base(info, context)
        {
            Failure = Failure.From(info);
        }

        /// <inheritdoc/>
        public override void GetObjectData(SerializationInfo info, StreamingContext context)
        {
            base.GetObjectData(info, context);
            info.AddValue(nameof(Failure), Failure);
        }
#endif

        /// <summary>What is known of the call.</summary>
        public Failure Failure { get; }

        /// <summary>Why the call failed.</summary>
        public Status Status
        {
            get { return Failure.Status; }
        }

        /// <summary>Whether the old key still works.</summary>
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

    /// <summary>A user name, password, key or option that cannot be used. Nothing was sent.</summary>
    [Serializable]
    public sealed class MobivateArgumentException : MobivateException
    {
        internal MobivateArgumentException(string message, Failure failure)
            : base(message, failure) { }

#if !NET8_0_OR_GREATER
        private MobivateArgumentException(SerializationInfo info, StreamingContext context)
            : base(info, context) { }
#endif
    }

    /// <summary>The client is in a call on another thread, which goes on.</summary>
    [Serializable]
    public sealed class MobivateBusyException : MobivateException
    {
        internal MobivateBusyException(string message, Failure failure)
            : base(message, failure) { }

#if !NET8_0_OR_GREATER
        private MobivateBusyException(SerializationInfo info, StreamingContext context)
            : base(info, context) { }
#endif
    }

    /// <summary>The time-out of the call, or of connecting, has passed.</summary>
    [Serializable]
    public sealed class MobivateTimeoutException : MobivateException
    {
        internal MobivateTimeoutException(string message, Failure failure)
            : base(message, failure) { }

#if !NET8_0_OR_GREATER
        private MobivateTimeoutException(SerializationInfo info, StreamingContext context)
            : base(info, context) { }
#endif
    }

    /// <summary>There was no connection, or it broke: a name, a port, a certificate, the network.</summary>
    [Serializable]
    public sealed class MobivateConnectionException : MobivateException
    {
        internal MobivateConnectionException(string message, Failure failure)
            : base(message, failure) { }

#if !NET8_0_OR_GREATER
        private MobivateConnectionException(SerializationInfo info, StreamingContext context)
            : base(info, context) { }
#endif
    }

    /// <summary>The server refused (4xx). Ask <see cref="MobivateException.KeyState"/> for the old key.</summary>
    [Serializable]
    public sealed class MobivateRefusedException : MobivateException
    {
        internal MobivateRefusedException(string message, Failure failure)
            : base(message, failure) { }

#if !NET8_0_OR_GREATER
        private MobivateRefusedException(SerializationInfo info, StreamingContext context)
            : base(info, context) { }
#endif
    }

    /// <summary>The server failed (5xx), or answered something that the API does not document.</summary>
    [Serializable]
    public sealed class MobivateServerException : MobivateException
    {
        internal MobivateServerException(string message, Failure failure)
            : base(message, failure) { }

#if !NET8_0_OR_GREATER
        private MobivateServerException(SerializationInfo info, StreamingContext context)
            : base(info, context) { }
#endif
    }

    /// <summary>The call was cancelled, or the client disposed of. It says whether the old key still works, too.</summary>
    [Serializable]
    public sealed class MobivateCanceledException : OperationCanceledException
    {
        internal MobivateCanceledException(string message, Failure failure, System.Threading.CancellationToken token)
            : base(message, token)
        {
            Failure = failure;
        }

#if !NET8_0_OR_GREATER
        /// <summary>Comes from another application domain.</summary>
        private MobivateCanceledException(SerializationInfo info, StreamingContext context)
            : base(info, context)
        {
            Failure = Failure.From(info);
        }

        /// <inheritdoc/>
        public override void GetObjectData(SerializationInfo info, StreamingContext context)
        {
            base.GetObjectData(info, context);
            info.AddValue(nameof(Failure), Failure);
        }
#endif

        /// <summary>What is known of the call.</summary>
        public Failure Failure { get; }

        /// <summary>Whether the old key still works.</summary>
        public KeyState KeyState
        {
            get { return Failure.KeyState; }
        }
    }
}
