// SPDX-License-Identifier: MIT
using System;
using System.Collections.Generic;
#if !NET8_0_OR_GREATER
using System.ComponentModel;
#endif
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Text;

namespace Mobivate
{
    /// <summary>
    /// The functions of mobivate.h, from the library that MOBIVATE_LIBRARY names and no other, or else from the one
    /// beside the package, or else from the system's.
    /// </summary>
    internal static partial class Native
    {
        private static readonly bool OnWindows = RuntimeInformation.IsOSPlatform(OSPlatform.Windows);
        // Not mobivate.dll: to Windows that is the name of this assembly.
        private static readonly string DefaultName = OnWindows ? "libmobivate.dll" : "libmobivate.so.1";
        private const int Oldest = 10100;
        private const int TooNew = 20000;
        private const int LoadNow = 2;

        internal const int KeyUnchanged = 0;
        internal const int KeyReplaced = 1;

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate IntPtr New();

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate void Free(IntPtr client);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate void OnClient(ClientHandle client);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int Set(ClientHandle client, IntPtr option, IntPtr value);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int HandOverKey(
            ClientHandle client,
            IntPtr username,
            UIntPtr usernameSize,
            IntPtr password,
            UIntPtr passwordSize,
            KeyMemory key,
            UIntPtr keyCapacity,
            out UIntPtr keySize);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int TestKey(ClientHandle client, IntPtr key, UIntPtr keySize);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate UIntPtr Text(ClientHandle client, IntPtr buffer, UIntPtr capacity);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int Number(ClientHandle client);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate long LongNumber(ClientHandle client);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate IntPtr Version();

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        internal delegate int VersionNumber();

        internal static readonly Functions Library = Functions.Load();

        internal sealed class Functions
        {
            internal New mbv_new;
            internal Free mbv_free;
            internal Set mbv_set;
            internal HandOverKey mbv_create_key;
            internal HandOverKey mbv_get_key;
            internal TestKey mbv_test_key;
            internal Text mbv_error_message;
            internal Number mbv_key_state;
            internal Number mbv_http_status;
            internal Number mbv_server_code;
            internal Text mbv_server_message;
            internal LongNumber mbv_retry_after_ms;
            internal OnClient mbv_cancel;
            internal OnClient mbv_uncancel;
            internal Version mbv_version;
            internal VersionNumber mbv_version_number;

            /// <summary>The sentence that says why there is no library; null where there is one.</summary>
            internal string Problem { get; private set; }

            internal static Functions Load()
            {
                Functions functions = new Functions();
                const string Install = "; install libmobivate 1.x, or name its file in MOBIVATE_LIBRARY.";
                string where;
                List<string> tried = new List<string>();
                IntPtr library = Open(tried, out where);
                if (library == IntPtr.Zero)
                {
                    functions.Problem = "Could not load libmobivate. Tried " + string.Join("; ", tried) + Install;
                    return functions;
                }
                try
                {
                    functions.FindVersion(library);
                    int number = functions.mbv_version_number();
                    if (number >= Oldest && number < TooNew)
                    {
                        functions.Find(library);
                    }
                    else
                    {
                        functions.Problem = "Found libmobivate " + Marshal.PtrToStringAnsi(functions.mbv_version()) + " (" + where +
                            "); this package needs >= 1.1.0, < 2.";
                    }
                }
                catch (EntryPointNotFoundException problem)
                {
                    functions.Problem = "This is not libmobivate 1.x: " + where + " (" + problem.Message + ")" + Install;
                }
                return functions;
            }

            private static IntPtr Open(List<string> tried, out string where)
            {
                string named = Environment.GetEnvironmentVariable("MOBIVATE_LIBRARY");
                if (!string.IsNullOrEmpty(named)) return Open(named, where = named + ", named by MOBIVATE_LIBRARY", tried);
                tried.Add("MOBIVATE_LIBRARY, which is not set");
                List<string> without = new List<string>();
                foreach (string folder in FoldersBeside())
                {
                    string file = Path.Combine(folder, DefaultName);
                    if (!File.Exists(file))
                    {
                        without.Add(folder);
                        continue;
                    }
                    IntPtr library = Open(file, where = file + ", beside the package", tried);
                    if (library != IntPtr.Zero) return library;
                }
                if (without.Count > 0) tried.Add("beside the package, which is not in " + string.Join(" and ", without));
                return Open(DefaultName, where = DefaultName + ", on the loader's search path", tried);
            }

            private static IntPtr Open(string path, string where, List<string> tried)
            {
                try
                {
                    return Loader.Open(path);
                }
                catch (DllNotFoundException problem)
                {
                    tried.Add(where + " (" + LineAbout(path, problem.Message) + ")");
                    return IntPtr.Zero;
                }
            }

            // Where .NET's own loader looks for a package's native files, then beside the program; the runtimes that .NET Standard
            // is for look beside the program only.
            private static IEnumerable<string> FoldersBeside()
            {
                List<string> folders = new List<string>();
                string known = AppDomain.CurrentDomain.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "";
                folders.AddRange(known.Split(new[] { Path.PathSeparator }, StringSplitOptions.RemoveEmptyEntries));
                string program = AppDomain.CurrentDomain.BaseDirectory;
                folders.Add(program);
#if !NET8_0_OR_GREATER
                // The one for musl first, since it cannot be loaded on glibc.
                string architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
                foreach (string system in OnWindows ? new[] { "win" } : new[] { "linux-musl", "linux" })
                {
                    folders.Add(Path.Combine(program, "runtimes", system + "-" + architecture, "native"));
                }
#endif
                return folders.Select(each => each.TrimEnd(Path.DirectorySeparatorChar)).Distinct();
            }

            // The loader's own words about a file: .NET writes advice before them, and tries other names, too.
            private static string LineAbout(string path, string text)
            {
                string[] lines = text.Trim().Split('\n');
                return lines.LastOrDefault(each => each.StartsWith(path + ": ", StringComparison.Ordinal)) ?? lines[lines.Length - 1].Trim();
            }

            // First, since another version may lack some of the others.
            private void FindVersion(IntPtr library)
            {
                mbv_version = Find<Version>(library, "mbv_version");
                mbv_version_number = Find<VersionNumber>(library, "mbv_version_number");
            }

            private static T Find<T>(IntPtr library, string name)
            {
                return Marshal.GetDelegateForFunctionPointer<T>(SymbolOf(library, name));
            }

            private static IntPtr SymbolOf(IntPtr library, string name)
            {
                IntPtr symbol = Loader.Symbol(library, name);
                if (symbol == IntPtr.Zero) throw new EntryPointNotFoundException("it has no " + name);
                return symbol;
            }

#if NET8_0_OR_GREATER
            private void Find(IntPtr library)
            {
                Imported.Use(library);
                mbv_new = Imported.mbv_new;
                mbv_free = Imported.mbv_free;
                mbv_set = Imported.mbv_set;
                mbv_create_key = Imported.mbv_create_key;
                mbv_get_key = Imported.mbv_get_key;
                mbv_test_key = Imported.mbv_test_key;
                mbv_error_message = Imported.mbv_error_message;
                mbv_key_state = Imported.mbv_key_state;
                mbv_http_status = Imported.mbv_http_status;
                mbv_server_code = Imported.mbv_server_code;
                mbv_server_message = Imported.mbv_server_message;
                mbv_retry_after_ms = Imported.mbv_retry_after_ms;
                mbv_cancel = Imported.mbv_cancel;
                mbv_uncancel = Imported.mbv_uncancel;
            }
#else
            private void Find(IntPtr library)
            {
                mbv_new = Find<New>(library, "mbv_new");
                mbv_free = Find<Free>(library, "mbv_free");
                mbv_set = Find<Set>(library, "mbv_set");
                mbv_create_key = Find<HandOverKey>(library, "mbv_create_key");
                mbv_get_key = Find<HandOverKey>(library, "mbv_get_key");
                mbv_test_key = Find<TestKey>(library, "mbv_test_key");
                mbv_error_message = Find<Text>(library, "mbv_error_message");
                mbv_key_state = Find<Number>(library, "mbv_key_state");
                mbv_http_status = Find<Number>(library, "mbv_http_status");
                mbv_server_code = Find<Number>(library, "mbv_server_code");
                mbv_server_message = Find<Text>(library, "mbv_server_message");
                mbv_retry_after_ms = Find<LongNumber>(library, "mbv_retry_after_ms");
                mbv_cancel = Find<OnClient>(library, "mbv_cancel");
                mbv_uncancel = Find<OnClient>(library, "mbv_uncancel");
            }
#endif
        }

#if NET8_0_OR_GREATER
        /// <summary>The system's loader, by .NET's own name for it.</summary>
        private static class Loader
        {
            // For a name without a path a plug-in's own context is asked, too.
            internal static IntPtr Open(string path)
            {
                IntPtr library;
                return path == DefaultName && NativeLibrary.TryLoad(path, typeof(Native).Assembly, null, out library) ? library : NativeLibrary.Load(path);
            }

            internal static IntPtr Symbol(IntPtr library, string name)
            {
                IntPtr symbol;
                return NativeLibrary.TryGetExport(library, name, out symbol) ? symbol : IntPtr.Zero;
            }
        }
#else
        /// <summary>The system's loader, which on Linux is in libc since glibc 2.34, and was in libdl before.</summary>
        private static class Loader
        {
            internal static IntPtr Open(string path)
            {
                IntPtr library;
                string said;
                if (OnWindows)
                {
                    library = InKernel32.LoadLibraryW(path);
                    if (library == IntPtr.Zero) throw new DllNotFoundException(new Win32Exception(Marshal.GetLastWin32Error()).Message);
                    return library;
                }
                try
                {
                    library = InLibc.dlopen(path, LoadNow);
                    said = library == IntPtr.Zero ? Marshal.PtrToStringAnsi(InLibc.dlerror()) : null;
                }
                catch (EntryPointNotFoundException)
                {
                    library = InLibdl.dlopen(path, LoadNow);
                    said = library == IntPtr.Zero ? Marshal.PtrToStringAnsi(InLibdl.dlerror()) : null;
                }
                if (library == IntPtr.Zero) throw new DllNotFoundException(said);
                return library;
            }

            internal static IntPtr Symbol(IntPtr library, string name)
            {
                if (OnWindows) return InKernel32.GetProcAddress(library, name);
                try
                {
                    return InLibc.dlsym(library, name);
                }
                catch (EntryPointNotFoundException)
                {
                    return InLibdl.dlsym(library, name);
                }
            }

            private static class InKernel32
            {
                [DllImport("kernel32", CharSet = CharSet.Unicode, ExactSpelling = true, SetLastError = true)]
                internal static extern IntPtr LoadLibraryW(string path);

                // A function's name is ASCII.
                [DllImport("kernel32", CharSet = CharSet.Ansi, ExactSpelling = true)]
                internal static extern IntPtr GetProcAddress(IntPtr library, string name);
            }

            private static class InLibc
            {
                [DllImport("libc.so.6")]
                internal static extern IntPtr dlopen(string path, int how);

                [DllImport("libc.so.6")]
                internal static extern IntPtr dlsym(IntPtr library, string name);

                [DllImport("libc.so.6")]
                internal static extern IntPtr dlerror();
            }

            private static class InLibdl
            {
                [DllImport("libdl.so.2")]
                internal static extern IntPtr dlopen(string path, int how);

                [DllImport("libdl.so.2")]
                internal static extern IntPtr dlsym(IntPtr library, string name);

                [DllImport("libdl.so.2")]
                internal static extern IntPtr dlerror();
            }
        }
#endif
    }

    /// <summary>The client of the library: nothing frees it during a use of it, and the collector does in the end.</summary>
    internal sealed class ClientHandle : SafeHandle
    {
        internal ClientHandle()
            : base(IntPtr.Zero, true)
        {
            SetHandle(Native.Library.mbv_new());
        }

        public override bool IsInvalid
        {
            get { return handle == IntPtr.Zero; }
        }

        protected override bool ReleaseHandle()
        {
            Native.Library.mbv_free(handle);
            return true;
        }
    }

    /// <summary>Memory for a key, outside the collector's heap, and wiped before it is freed.</summary>
    internal sealed class KeyMemory : SafeHandle
    {
        /// <summary>The longest key, and the NUL that the library writes behind it.</summary>
        internal const int Capacity = 4096 + 1;

        internal KeyMemory()
            : base(IntPtr.Zero, true)
        {
            SetHandle(Marshal.AllocHGlobal(Capacity));
        }

        public override bool IsInvalid
        {
            get { return handle == IntPtr.Zero; }
        }

        internal byte[] Copy(int size)
        {
            return Use(address =>
            {
                byte[] bytes = new byte[size];
                Marshal.Copy(address, bytes, 0, size);
                return bytes;
            });
        }

        /// <summary>Disposing of the memory meanwhile wipes it afterwards.</summary>
        internal T Use<T>(Func<IntPtr, T> use)
        {
            bool added = false;
            try
            {
                DangerousAddRef(ref added);
                return use(handle);
            }
            finally
            {
                if (added) DangerousRelease();
            }
        }

        protected override bool ReleaseHandle()
        {
            for (int i = 0; i < Capacity; i++) Marshal.WriteByte(handle, i, 0);
            Marshal.FreeHGlobal(handle);
            return true;
        }
    }

    /// <summary>Bytes that stay where they are while they are in use.</summary>
    internal struct Pinned : IDisposable
    {
        private static readonly UTF8Encoding Utf8 = new UTF8Encoding(false, true);

        private readonly byte[] bytes;
        private readonly bool own;
        private GCHandle handle;

        private Pinned(byte[] bytes, int size, bool own)
        {
            this.bytes = bytes;
            this.own = own;
            Size = size;
            handle = GCHandle.Alloc(bytes, GCHandleType.Pinned);
        }

        internal int Size { get; }

        internal IntPtr Address
        {
            get { return handle.AddrOfPinnedObject(); }
        }

        /// <summary>The caller's own bytes. An empty array has no address of its own.</summary>
        internal static Pinned Of(byte[] bytes)
        {
            return bytes.Length > 0 ? new Pinned(bytes, bytes.Length, false) : new Pinned(new byte[1], 0, true);
        }

        /// <summary>Characters in UTF-8, with a NUL behind them; wiped in the end. A problem's text ends with a sentence of the call's.</summary>
        internal static Pinned Of(string what, char[] characters, string sentence)
        {
            return Encode(Utf8Size(what, sentence, () => Utf8.GetByteCount(characters)), bytes => Utf8.GetBytes(characters, 0, characters.Length, bytes, 0));
        }

        /// <summary>A string likewise.</summary>
        internal static Pinned Of(string what, string text, string sentence)
        {
            return Encode(Utf8Size(what, sentence, () => Utf8.GetByteCount(text)), bytes => Utf8.GetBytes(text, 0, text.Length, bytes, 0));
        }

        public void Dispose()
        {
            if (own) Array.Clear(bytes, 0, bytes.Length);
            handle.Free();
        }

        private static int Utf8Size(string what, string sentence, Func<int> count)
        {
            try
            {
                return count();
            }
            catch (EncoderFallbackException)
            {
                throw new MobivateArgumentException(
                    "The " + what + " has half a surrogate pair. " + sentence,
                    new Failure(Status.InvalidArgument, KeyState.Unchanged));
            }
        }

        private static Pinned Encode(int size, Action<byte[]> encode)
        {
            Pinned pinned = new Pinned(new byte[size + 1], size, true);
            encode(pinned.bytes);
            return pinned;
        }
    }
}
