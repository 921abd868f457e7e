// SPDX-License-Identifier: MIT
using System;
using System.Text;

namespace Mobivate
{
    /// <summary>
    /// An API key, in memory that the collector neither moves nor copies, and that is wiped when it is disposed
    /// of. ToString does not show it.
    /// </summary>
    public sealed class ApiKey : IDisposable
    {
        private int length;

        /// <summary>The size of the key in bytes; 0 once it is disposed of.</summary>
        public int Length
        {
            get { return Memory.IsClosed ? 0 : length; }
            internal set { length = value; }
        }

        internal KeyMemory Memory { get; } = new KeyMemory();

        /// <summary>The key as a string, which cannot be wiped.</summary>
        public string Reveal()
        {
            byte[] bytes = ToByteArray();
            try
            {
                return Encoding.ASCII.GetString(bytes);
            }
            finally
            {
                Array.Clear(bytes, 0, bytes.Length);
            }
        }

        /// <summary>A copy of the key, for the caller to wipe.</summary>
        /// <exception cref="ObjectDisposedException">The key has been disposed of.</exception>
        public byte[] ToByteArray()
        {
            if (Memory.IsClosed) throw new ObjectDisposedException(nameof(ApiKey));
            return Memory.Copy(length);
        }

        /// <summary>Wipes the key. So does the collector with one that is forgotten.</summary>
        public void Dispose()
        {
            Memory.Dispose();
        }

        /// <summary>The same for every key.</summary>
        public override string ToString()
        {
            return "ApiKey(***)";
        }
    }
}
