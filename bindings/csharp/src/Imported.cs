// SPDX-License-Identifier: MIT
#if NET8_0_OR_GREATER
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Mobivate
{
    internal static partial class Native
    {
        /// <summary>The functions, with what the compiler makes to call them: nothing is generated at run time.</summary>
        private static partial class Imported
        {
            private const string Name = "mobivate";

            private static IntPtr library;

            /// <summary>They are taken from this library, whatever its file is.</summary>
            internal static void Use(IntPtr opened)
            {
                if (library == IntPtr.Zero)
                {
                    NativeLibrary.SetDllImportResolver(typeof(Native).Assembly, (name, assembly, path) => name == Name ? library : IntPtr.Zero);
                }
                library = opened;
            }

            [LibraryImport(Name)]
            [UnmanagedCallConv(CallConvs = new[] { typeof(CallConvCdecl) })]
            internal static partial IntPtr mbv_new();

            [LibraryImport(Name)]
            [UnmanagedCallConv(CallConvs = new[] { typeof(CallConvCdecl) })]
            internal static partial void mbv_free(IntPtr client);

            [LibraryImport(Name)]
            [UnmanagedCallConv(CallConvs = new[] { typeof(CallConvCdecl) })]
            internal static partial int mbv_set(ClientHandle client, IntPtr option, IntPtr value);

            [LibraryImport(Name)]
            [UnmanagedCallConv(CallConvs = new[] { typeof(CallConvCdecl) })]
            internal static partial int mbv_create_key(
                ClientHandle client,
                IntPtr username,
                UIntPtr usernameSize,
                IntPtr password,
                UIntPtr passwordSize,
                KeyMemory key,
                UIntPtr keyCapacity,
                out UIntPtr keySize);

            [LibraryImport(Name)]
            [UnmanagedCallConv(CallConvs = new[] { typeof(CallConvCdecl) })]
            internal static partial int mbv_get_key(
                ClientHandle client,
                IntPtr username,
                UIntPtr usernameSize,
                IntPtr password,
                UIntPtr passwordSize,
                KeyMemory key,
                UIntPtr keyCapacity,
                out UIntPtr keySize);

            [LibraryImport(Name)]
            [UnmanagedCallConv(CallConvs = new[] { typeof(CallConvCdecl) })]
            internal static partial int mbv_test_key(ClientHandle client, IntPtr key, UIntPtr keySize);

            [LibraryImport(Name)]
            [UnmanagedCallConv(CallConvs = new[] { typeof(CallConvCdecl) })]
            internal static partial UIntPtr mbv_error_message(ClientHandle client, IntPtr buffer, UIntPtr capacity);

            [LibraryImport(Name)]
            [UnmanagedCallConv(CallConvs = new[] { typeof(CallConvCdecl) })]
            internal static partial int mbv_key_state(ClientHandle client);

            [LibraryImport(Name)]
            [UnmanagedCallConv(CallConvs = new[] { typeof(CallConvCdecl) })]
            internal static partial int mbv_http_status(ClientHandle client);

            [LibraryImport(Name)]
            [UnmanagedCallConv(CallConvs = new[] { typeof(CallConvCdecl) })]
            internal static partial int mbv_server_code(ClientHandle client);

            [LibraryImport(Name)]
            [UnmanagedCallConv(CallConvs = new[] { typeof(CallConvCdecl) })]
            internal static partial UIntPtr mbv_server_message(ClientHandle client, IntPtr buffer, UIntPtr capacity);

            [LibraryImport(Name)]
            [UnmanagedCallConv(CallConvs = new[] { typeof(CallConvCdecl) })]
            internal static partial long mbv_retry_after_ms(ClientHandle client);

            [LibraryImport(Name)]
            [UnmanagedCallConv(CallConvs = new[] { typeof(CallConvCdecl) })]
            internal static partial void mbv_cancel(ClientHandle client);

            [LibraryImport(Name)]
            [UnmanagedCallConv(CallConvs = new[] { typeof(CallConvCdecl) })]
            internal static partial void mbv_uncancel(ClientHandle client);
        }
    }
}
#endif
