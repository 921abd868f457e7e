// SPDX-License-Identifier: MIT
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using Mobivate;
using Xunit;

/// <summary>What is C#'s own: idiom, cancelling, lifetime, declarations. For xunit, or as a plain program with Plain.cs.</summary>
public sealed class MobivateTests
{
    private const string Stalls = "{\"creates\":true,\"cut\":{\"after\":0,\"how\":\"stall\"}}";
    private static int accounts;

    private static MobivateClient NewClient(string scheme)
    {
        return new MobivateClient(new MobivateOptions
        {
            BaseUrl = Standin.Fact(scheme), CaFile = Standin.Fact("CA_FILE"), Proxy = "", Timeout = TimeSpan.FromMinutes(1)
        });
    }

    private static string NewAccount(string scenario = "{}")
    {
        string username = "csharp-" + Interlocked.Increment(ref accounts) + "@example.com";
        Standin.Create(username, scenario);
        return username;
    }

    private static int Descriptors()
    {
        return Directory.GetFileSystemEntries("/proc/self/fd").Length;
    }

    // Anonymous pages alone: those of files come and go with what else runs.
    private static long ResidentKib()
    {
        string line = File.ReadAllLines("/proc/self/status").First(text => text.StartsWith("RssAnon:", StringComparison.Ordinal));
        return long.Parse(line.Substring(8).Replace("kB", "").Trim());
    }

    [Fact]
    public void ErrorsCarryEverything()
    {
        string username = NewAccount("{\"status\":429,\"headers\":[[\"Retry-After\",\"7\"]],\"body\":{\"code\":4290,\"message\":\"Slow down\"}}");
        using (MobivateClient client = NewClient("HTTPS"))
        {
            var problem = Assert.Throws<MobivateRefusedException>(() => client.CreateKey(username, Standin.Password));
            Failure failure = problem.Failure;
            Assert.True(problem.Status == Status.RateLimited && problem.KeyState == KeyState.Unchanged && failure.HttpStatus == 429 &&
                failure.ServerCode == 4290 && failure.ServerMessage == "Slow down" && failure.RetryAfter == TimeSpan.FromSeconds(7), problem.ToString());
            Assert.True(problem.Message.Contains("The old key still works."), problem.Message);
        }
    }

    [Fact]
    public void PasswordsOfEveryKind()
    {
        string username = NewAccount();
        using (MobivateClient client = NewClient("HTTPS"))
        {
            foreach (Func<ApiKey> call in new Func<ApiKey>[]
            {
                () => client.CreateKey(username, Standin.Password),
                () => client.CreateKey(username, Standin.Password.ToCharArray()),
                () => client.CreateKey(username, Encoding.UTF8.GetBytes(Standin.Password)),
                () => client.CreateKeyAsync(username, Encoding.UTF8.GetBytes(Standin.Password)).Result
            })
            {
                using (ApiKey key = call())
                {
                    Assert.True(key.Reveal() == Standin.ValidKey(username) && key.Length == 36, "not the valid key");
                    Assert.True(Encoding.ASCII.GetString(key.ToByteArray()) == key.Reveal(), "not the same bytes");
                }
            }
            Assert.Contains("The old key still works.", Assert.Throws<MobivateArgumentException>(() => client.CreateKey(username, "\ud800")).Message);
            Assert.Throws<MobivateArgumentException>(() => client.CreateKey(username, new byte[0]));
            Assert.Throws<MobivateArgumentException>(() => client.CreateKey(username, new byte[] { 0xC3, 0x28 }));
            Assert.Throws<ArgumentNullException>(() => client.CreateKey(username, (string)null));
            Assert.Throws<ArgumentNullException>(() => client.CreateKey(null, Standin.Password));
        }
    }

    [Fact]
    public void KeysOfEveryKind()
    {
        string username = NewAccount();
        byte[] password = Encoding.UTF8.GetBytes(Standin.Password);
        using (MobivateClient client = NewClient("HTTPS"))
        {
            foreach (Func<ApiKey> call in new Func<ApiKey>[]
            {
                () => client.GetKey(username, Standin.Password),
                () => client.GetKey(username, Standin.Password.ToCharArray()),
                () => client.GetKey(username, password),
                () => client.GetKeyAsync(username, Standin.Password).Result,
                () => client.GetKeyAsync(username, password).Result
            })
            {
                using (ApiKey key = call())
                {
                    string text = key.Reveal();
                    Assert.Equal(Standin.ValidKey(username), text);
                    Assert.True(client.TestKey(text) && client.TestKey(text.ToCharArray()) && client.TestKey(key.ToByteArray()) && client.TestKey(key), "refused");
                    Assert.True(client.TestKeyAsync(text).Result && client.TestKeyAsync(key.ToByteArray()).Result && client.TestKeyAsync(key).Result, "refused");
                    Assert.False(client.TestKey(text + "x"), "accepted");
                    key.Dispose();
                    Assert.Throws<ObjectDisposedException>(() => client.TestKey(key));
                }
            }
            Assert.Equal(0, Standin.Requests(username, 0));
            var problem = Assert.Throws<MobivateArgumentException>(() => client.TestKey("\ud800"));
            Assert.DoesNotContain("old key", problem.Message);
            Assert.DoesNotContain("old key", Assert.Throws<MobivateArgumentException>(() => client.GetKey("\ud800", password)).Message);
            Assert.Throws<MobivateArgumentException>(() => client.TestKey(new byte[0]));
            Assert.Throws<ArgumentNullException>(() => client.TestKey((string)null));
            Assert.Throws<ArgumentNullException>(() => client.GetKey(null, Standin.Password));
        }
    }

    [Fact]
    public void KeysAreNotShown()
    {
        string username = NewAccount();
        using (MobivateClient client = NewClient("HTTPS"))
        {
            ApiKey key = client.CreateKey(username, Standin.Password);
            string valid = Standin.ValidKey(username);
            Assert.True(!key.ToString().Contains(valid) && !(key + "").Contains(valid) && !string.Format("{0}", key).Contains(valid), "it is shown");
            key.Dispose();
            key.Dispose();
            Assert.True(key.Length == 0, "it is not wiped");
            Assert.Throws<ObjectDisposedException>(() => key.Reveal());
        }
    }

    // As the system shows the process's memory: the place may be used by somebody else already, or be unmapped.
    [Fact]
    public void KeysAreWipedBeforeTheirMemoryIsFreed()
    {
        string username = NewAccount("{\"key_size\":4096}");
        using (MobivateClient client = NewClient("HTTP"))
        using (var memory = new FileStream("/proc/self/mem", FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1))
        {
            ApiKey key = client.CreateKey(username, Standin.Password);
            string text = key.Reveal();
            PropertyInfo property = typeof(ApiKey).GetProperty("Memory", BindingFlags.Instance | BindingFlags.NonPublic);
            long address = ((System.Runtime.InteropServices.SafeHandle)property.GetValue(key, null)).DangerousGetHandle().ToInt64();
            byte[] found = new byte[text.Length];
            Assert.Equal(text, Read(memory, address, found));
            key.Dispose();
            string left = Read(memory, address, found);
            Assert.Equal(0, Enumerable.Range(0, text.Length / 16).Count(at => left.Contains(text.Substring(16 * at, 16))));
        }
    }

    private static string Read(FileStream memory, long address, byte[] found)
    {
        memory.Seek(address, SeekOrigin.Begin);
        try
        {
            int size = memory.Read(found, 0, found.Length);
            return Encoding.ASCII.GetString(found, 0, size);
        }
        catch (IOException)
        {
            return "";
        }
    }

    [Fact]
    public void Cancelling()
    {
        string username = NewAccount("{\"sequence\":[" + Stalls + ",{}]}");
        using (MobivateClient client = NewClient("HTTPS"))
        using (var source = new CancellationTokenSource())
        {
            Task<ApiKey> call = client.CreateKeyAsync(username, Standin.Password, source.Token);
            Standin.Requests(username, 1);
            source.Cancel();
            var problem = Assert.Throws<MobivateCanceledException>(() => call.GetAwaiter().GetResult());
            Assert.True(problem.KeyState == KeyState.Unknown && problem.CancellationToken == source.Token, problem.ToString());
            Assert.Throws<MobivateCanceledException>(() => client.CreateKey(username, Standin.Password, source.Token));
            // What cancelled an earlier call does not touch a later one.
            using (ApiKey key = client.CreateKey(username, Standin.Password)) Assert.True(key.Length > 0, "no key");
        }
    }

    [Fact]
    public void ATokenOfAnEarlierCallNeverHitsALaterOne()
    {
        string username = NewAccount();
        using (MobivateClient client = NewClient("HTTP"))
        {
            for (int i = 0; i < 300; i++)
            {
                using (var source = new CancellationTokenSource())
                {
                    Task cancelling = Task.Run(() => source.Cancel());
                    try
                    {
                        client.CreateKey(username, Standin.Password, source.Token).Dispose();
                    }
                    catch (MobivateCanceledException)
                    {
                        // As it comes.
                    }
                    client.CreateKey(username, Standin.Password).Dispose();
                    cancelling.Wait();
                }
            }
        }
    }

    [Fact]
    public void TwoThreads()
    {
        string username = NewAccount(Stalls);
        using (MobivateClient client = NewClient("HTTPS"))
        using (var source = new CancellationTokenSource())
        {
            Task<ApiKey> call = client.CreateKeyAsync(username, Standin.Password, source.Token);
            Standin.Requests(username, 1);
            Assert.True(Assert.Throws<MobivateBusyException>(() => client.CreateKey(username, Standin.Password)).Status == Status.Busy, "not busy");
            Assert.Throws<MobivateBusyException>(() => client.SetOption("timeout_ms", "1"));
            Assert.True(!call.IsCompleted && Standin.Requests(username, 0) == 1, "the first call has been disturbed");
            source.Cancel();
            Assert.Throws<MobivateCanceledException>(() => call.GetAwaiter().GetResult());
        }
    }

    [Fact]
    public void Disposing()
    {
        string username = NewAccount(Stalls);
        MobivateClient client = NewClient("HTTPS");
        Task<ApiKey> call = client.CreateKeyAsync(username, Standin.Password);
        Standin.Requests(username, 1);
        // Nor does a call that was turned away make Dispose forget the one in progress.
        Assert.Throws<MobivateBusyException>(() => client.CreateKey(username, Standin.Password));
        Task.WaitAll(Task.Run(() => client.Dispose()), Task.Run(() => client.Dispose()));
        Assert.Throws<MobivateCanceledException>(() => call.GetAwaiter().GetResult());
        client.Dispose();
        Assert.Throws<ObjectDisposedException>(() => client.CreateKey(username, Standin.Password));
        Assert.Throws<ObjectDisposedException>(() => client.SetOption("timeout_ms", "1"));
    }

    [Fact]
    public void ForgottenClientsAreFreed()
    {
        string username = NewAccount();
        int open = Descriptors();
        Forget(username);
        DateTime end = DateTime.UtcNow.AddSeconds(10);
        // Mono's collector is conservative: a few may stay.
        while (Descriptors() > open + 30 && DateTime.UtcNow < end)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.True(Descriptors() <= open + 30, Descriptors() + " descriptors, and " + open + " before");
    }

    private static void Forget(string username)
    {
        for (int i = 0; i < 50; i++) NewClient("HTTP").CreateKey(username, Standin.Password).Dispose();
    }

    [Fact]
    public void BadOptions()
    {
        string message = Assert.Throws<MobivateArgumentException>(() => new MobivateClient(new MobivateOptions { BaseUrl = "http://example.com" })).Message;
        Assert.True(message.Contains("base_url"), message);
        Assert.Throws<MobivateArgumentException>(() => new MobivateClient(new MobivateOptions { Timeout = TimeSpan.Zero }));
        using (MobivateClient client = NewClient("HTTPS")) Assert.Throws<ArgumentNullException>(() => client.SetOption("proxy", null));
    }

    [Fact]
    public void OtherThreadsRunOn()
    {
        string username = NewAccount(Stalls);
        using (MobivateClient client = NewClient("HTTPS"))
        using (var source = new CancellationTokenSource())
        {
            Task<ApiKey> call = client.CreateKeyAsync(username, Standin.Password, source.Token);
            Standin.Requests(username, 1);
            Assert.True(Enumerable.Range(0, 100).Select(i => Task.Run(() => i)).Sum(task => task.Result) == 4950, "no");
            GC.Collect();
            Assert.True(!call.IsCompleted, "the call has ended");
            source.Cancel();
            Assert.Throws<MobivateCanceledException>(() => call.GetAwaiter().GetResult());
        }
    }

    [Fact]
    public void TenThousandCallsLeakNothing()
    {
        string username = NewAccount();
        using (MobivateClient client = NewClient("HTTP"))
        {
            Action<int> call = count =>
            {
                for (int i = 0; i < count; i++) client.CreateKey(username, Standin.Password).Dispose();
                GC.Collect();
                GC.WaitForPendingFinalizers();
                GC.Collect();
            };
            // .NET's heap is as large as it becomes after 15,000 calls.
            call(20000);
            int open = Descriptors();
            long resident = ResidentKib();
            call(10000);
            Assert.True(Descriptors() <= open, Descriptors() + " descriptors, and " + open + " before");
            long grown = ResidentKib() - resident;
            // More than the steps of the allocators, and less than 420 bytes of each call.
            Assert.True(grown < 4096, grown + " KiB more");
        }
    }

    [Fact]
    public void CallsHoldNoThreadOfThePool()
    {
        string username = NewAccount(Stalls);
        int before, during, other;
        ThreadPool.GetAvailableThreads(out before, out other);
        MobivateClient[] clients = Enumerable.Range(0, 8).Select(i => NewClient("HTTP")).ToArray();
        Task<ApiKey>[] calls = clients.Select(client => client.CreateKeyAsync(username, Standin.Password)).ToArray();
        Standin.Requests(username, calls.Length);
        ThreadPool.GetAvailableThreads(out during, out other);
        foreach (MobivateClient client in clients) client.Dispose();
        foreach (Task<ApiKey> call in calls) Assert.Throws<MobivateCanceledException>(() => call.GetAwaiter().GetResult());
        Assert.True(before - during < calls.Length / 2, before - during + " threads of the pool are held");
    }

    [Fact]
    public void AStrangersLockIsNoneOfOurs()
    {
        string username = NewAccount();
        MobivateClient client = NewClient("HTTP");
        ApiKey key = client.CreateKey(username, Standin.Password);
        lock (key)
        lock (client)
        {
            Task ending = Task.Run(() =>
            {
                key.Reveal();
                key.Dispose();
                client.Dispose();
            });
            Assert.True(ending.Wait(TimeSpan.FromSeconds(10)), "it waits for a lock on the object itself");
        }
    }

    [Fact]
    public void ErrorsKeepTheirStateOnTheirWay()
    {
        string username = NewAccount("{\"status\":500,\"creates\":true,\"body\":{\"code\":500,\"message\":\"Oops\"}}");
        MobivateServerException problem;
        using (MobivateClient client = NewClient("HTTP"))
        {
            // Through a task, and whoever waits for it in another way.
            AggregateException several = Assert.Throws<AggregateException>(() => client.CreateKeyAsync(username, Standin.Password).Wait());
            problem = (MobivateServerException)several.InnerException;
        }
        Assert.Equal(KeyState.Unknown, problem.KeyState);
        Assert.Equal(KeyState.Unknown, default(KeyState));
#if MONO
        // To another application domain.
        foreach (Exception each in new Exception[] { problem, CancelledBefore() })
        {
            var stream = new MemoryStream();
            var formatter = new System.Runtime.Serialization.Formatters.Binary.BinaryFormatter();
            formatter.Serialize(stream, each);
            stream.Position = 0;
            var arrived = (Exception)formatter.Deserialize(stream);
            Assert.Equal(each.Message, arrived.Message);
            Assert.Equal(each.GetType(), arrived.GetType());
            Failure before = FailureOf(each), after = FailureOf(arrived);
            Assert.Equal(
                new { before.Status, before.KeyState, before.HttpStatus, before.ServerCode, before.ServerMessage },
                new { after.Status, after.KeyState, after.HttpStatus, after.ServerCode, after.ServerMessage });
        }
        // From a version that knew no state.
        var info = new System.Runtime.Serialization.SerializationInfo(
            typeof(MobivateServerException), new System.Runtime.Serialization.FormatterConverter());
        new Exception("text").GetObjectData(info, default(System.Runtime.Serialization.StreamingContext));
        info.SetType(typeof(MobivateServerException));
        var bare = (MobivateException)Activator.CreateInstance(
            typeof(MobivateServerException), BindingFlags.Instance | BindingFlags.NonPublic, null,
            new object[] { info, default(System.Runtime.Serialization.StreamingContext) }, null);
        Assert.Equal(KeyState.Unknown, bare.KeyState);
#else
        string json = System.Text.Json.JsonSerializer.Serialize(CancelledBefore().Failure);
        Assert.Contains("\"KeyState\":\"Unchanged\"", json);
        Assert.Contains("\"Status\":\"Cancelled\"", json);
#endif
    }

    // The README's.
    private static void Rotate(MobivateClient client, string username, byte[] password, Action<ApiKey> store)
    {
        ApiKey key;
        try { key = client.CreateKey(username, password); }
        catch (MobivateException problem) when (problem.KeyState == KeyState.Unknown) { key = client.GetKey(username, password); }
        using (key)
        {
            if (!client.TestKey(key)) throw new InvalidOperationException("The service refuses the account's key.");
            store(key);
        }
    }

    [Fact]
    public void Rotating()
    {
        const string Lost = "\"creates\":true,\"cut\":{\"after\":0,\"how\":\"close\"}";
        const string Failing = "{\"status\":500,\"body\":{\"code\":500,\"message\":\"Internal\"}}";
        using (MobivateClient client = NewClient("HTTP"))
        {
            string username = null, stored = null;
            Action<string> rotate = scenario =>
            {
                username = NewAccount(scenario);
                stored = null;
                Rotate(client, username, Encoding.UTF8.GetBytes(Standin.Password), key => stored = key.Reveal());
            };
            foreach (string scenario in new[] { "{}", "{" + Lost + "}" })
            {
                rotate(scenario);
                Assert.Equal(Standin.ValidKey(username), stored);
                Assert.Equal(1, Standin.Requests(username, 1));
            }
            Assert.Throws<MobivateServerException>(() => rotate("{" + Lost + ",\"get\":" + Failing + "}"));
            Assert.True(stored == null, "stored");
            Assert.Throws<MobivateServerException>(() => rotate("{\"test\":" + Failing + "}"));
            Assert.True(stored == null, "stored");
        }
    }

    private static MobivateCanceledException CancelledBefore()
    {
        using (MobivateClient client = NewClient("HTTP"))
        {
            var problem = Assert.Throws<MobivateCanceledException>(() => client.CreateKey("u", "p", new CancellationToken(true)));
            Assert.Equal(KeyState.Unchanged, problem.KeyState);
            return problem;
        }
    }

    private static Failure FailureOf(Exception problem)
    {
        return problem is MobivateException ? ((MobivateException)problem).Failure : ((MobivateCanceledException)problem).Failure;
    }

    [Fact]
    public void Libraries()
    {
        string stubs = Environment.GetEnvironmentVariable("MOBIVATE_STUBS");
        string install = "; install libmobivate 1.x, or name its file in MOBIVATE_LIBRARY.";
        foreach (string version in new[] { "0.9.0", "1.0.0", "2.0.0" })
        {
            string file = stubs + "/" + version + "/libmobivate.so.1";
            Assert.Equal("Found libmobivate " + version + " (" + file + ", named by MOBIVATE_LIBRARY); this package needs >= 1.1.0, < 2.", Load(file));
        }
        Assert.Equal(
            "Could not load libmobivate. Tried /nowhere.so, named by MOBIVATE_LIBRARY (/nowhere.so: cannot open shared object file: No such file or directory)" +
                install,
            Load("/nowhere.so"));
        Assert.Equal("This is not libmobivate 1.x: libm.so.6, named by MOBIVATE_LIBRARY (it has no mbv_version)" + install, Load("libm.so.6"));
        Assert.Equal("loaded", Load(""));
        Assert.Equal("loaded", Load(stubs + "/1.99.99/libmobivate.so.1"));
    }

    [Fact]
    public void LibraryBesideThePackage()
    {
        string stubs = Environment.GetEnvironmentVariable("MOBIVATE_STUBS");
        string program = AppDomain.CurrentDomain.BaseDirectory.TrimEnd('/');
        string beside = program + "/libmobivate.so.1";
        Assert.False(File.Exists(beside));
        try
        {
            // The system's will do, which LD_LIBRARY_PATH has, where this one cannot be loaded.
            File.WriteAllText(beside, "of another system");
            Assert.Equal("loaded", Load(""));
            File.Delete(beside);
            File.Copy(stubs + "/2.0.0/libmobivate.so.1", beside);
            Assert.Equal("Found libmobivate 2.0.0 (" + beside + ", beside the package); this package needs >= 1.1.0, < 2.", Load(""));
            // What the environment names comes first.
            Assert.Equal("loaded", Load(stubs + "/1.99.99/libmobivate.so.1"));
        }
        finally
        {
            File.Delete(beside);
        }
    }

    // The functions as they are looked up in a process that has another MOBIVATE_LIBRARY.
    private static string Load(string file)
    {
        string before = Environment.GetEnvironmentVariable("MOBIVATE_LIBRARY");
        Environment.SetEnvironmentVariable("MOBIVATE_LIBRARY", file);
        try
        {
            object functions = Functions.GetMethod("Load", BindingFlags.Static | BindingFlags.NonPublic).Invoke(null, null);
            return (string)Functions.GetProperty("Problem", BindingFlags.Instance | BindingFlags.NonPublic).GetValue(functions, null) ?? "loaded";
        }
        finally
        {
            Environment.SetEnvironmentVariable("MOBIVATE_LIBRARY", before);
        }
    }

    private static Type Functions
    {
        get { return typeof(MobivateClient).Assembly.GetType("Mobivate.Native+Functions"); }
    }

    [Fact]
    public void Declarations()
    {
        string header = File.ReadAllText(Environment.GetEnvironmentVariable("MOBIVATE_HEADER"));
        string[] own = Enum.GetValues(typeof(Status)).Cast<Status>().Select(each => each.ToString().ToUpperInvariant() + " " + (int)each).ToArray();
        string[] wanted = Regex.Matches(header, "\"MBV_(OK|ERR_\\w+)\": (-?\\d+)").Cast<Match>()
            .Select(each => each.Groups[1].Value.Replace("ERR_", "").Replace("_", "") + " " + each.Groups[2].Value).ToArray();
        Assert.Equal(string.Join(", ", wanted.OrderBy(each => each)), string.Join(", ", own.OrderBy(each => each)));

        var types = new Dictionary<string, string>
        {
            { "mbv_client *", "ClientHandle" }, { "const mbv_client *", "ClientHandle" }, { "const char *", "IntPtr" }, { "char *", "IntPtr" },
            { "size_t", "UIntPtr" }, { "size_t *", "UIntPtr&" }, { "int32_t", "Int32" }, { "int64_t", "Int64" }, { "void", "Void" }
        };
        var functions = new Dictionary<string, string>();
        foreach (Match each in Regex.Matches(header, "\"(mbv_\\w+)\": \\{\"returns\": \"([^\"]*)\", \"parameters\": \\[([^]]*)\\]"))
        {
            string parameters = string.Join(",", Regex.Matches(each.Groups[3].Value, "\"([^\"]*)\"").Cast<Match>().Select(type => types[type.Groups[1].Value]));
            functions[each.Groups[1].Value] = types[each.Groups[2].Value] + "(" + parameters + ")";
        }
        // Where a handle begins and ends, it is a pointer; the key has a handle of its own.
        functions["mbv_new"] = functions["mbv_new"].Replace("ClientHandle", "IntPtr");
        functions["mbv_free"] = functions["mbv_free"].Replace("ClientHandle", "IntPtr");
        foreach (string name in new[] { "mbv_create_key", "mbv_get_key" })
        {
            functions[name] = functions[name].Replace("IntPtr,UIntPtr,UIntPtr&", "KeyMemory,UIntPtr,UIntPtr&");
        }
        int compared = 0;
        foreach (FieldInfo field in Functions.GetFields(BindingFlags.Instance | BindingFlags.NonPublic))
        {
            if (!typeof(Delegate).IsAssignableFrom(field.FieldType)) continue;
            MethodInfo invoke = field.FieldType.GetMethod("Invoke");
            string declared = invoke.ReturnType.Name + "(" + string.Join(",", invoke.GetParameters().Select(each => each.ParameterType.Name)) + ")";
            Assert.Equal(field.Name + " " + functions[field.Name], field.Name + " " + declared);
            compared++;
        }
        Assert.Equal(16, compared);
    }
}
