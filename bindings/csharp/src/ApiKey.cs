// SPDX-License-Identifier: MIT
using System;
using System.Runtime.InteropServices;
using System.Text;

namespace Mobivate
{
    /// <summary>
    /// An API key, in memory that the collector neither moves nor copies, and that is wiped when it is disposed
    /// of. ToString does not show it.
    /// </summary>
    public sealed class ApiKey : IDisposable
    {
        // The longest key, and the NUL that the library writes behind it.
        internal const int Capacity = 4096 + 1;

        private IntPtr memory;

        internal ApiKey()
        {
            memory = Marshal.AllocHGlobal(Capacity);
            Native.Wipe(memory, Capacity);
        }

        /// <summary>Wipes a key that was forgotten.</summary>
        ~ApiKey()
        {
            Release();
        }

        /// <summary>The size of the key in bytes; 0 once it is disposed of.</summary>
        public int Length { get; internal set; }

        internal IntPtr Memory
        {
            get { return memory; }
        }

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
        public byte[] ToByteArray()
        {
            lock (this)
            {
                if (memory == IntPtr.Zero) throw new ObjectDisposedException(nameof(ApiKey));
                byte[] bytes = new byte[Length];
                Marshal.Copy(memory, bytes, 0, Length);
                return bytes;
            }
        }

        /// <summary>Wipes the key.</summary>
        public void Dispose()
        {
            lock (this)
            {
                Release();
            }
            GC.SuppressFinalize(this);
        }

        /// <summary>The same for every key.</summary>
        public override string ToString()
        {
            return "ApiKey(***)";
        }

        private void Release()
        {
            if (memory == IntPtr.Zero) return;
            Native.Wipe(memory, Capacity);
            Marshal.FreeHGlobal(memory);
            memory = IntPtr.Zero;
            Length = 0;
        }
    }
}
