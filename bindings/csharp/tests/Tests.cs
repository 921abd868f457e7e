// SPDX-License-Identifier: MIT
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Mobivate;

/// <summary>The package's own tests. Every method whose name begins with Test is one; it needs no framework, for
/// there is none that both runtimes have from Debian.</summary>
internal sealed class Tests
{
    private const string Password = "correct-password";
    private const string Stalls = "{\"creates\":true,\"cut\":{\"after\":0,\"how\":\"stall\"}}";
    private static int accounts;

    internal static int Run()
    {
        int passed = 0, failed = 0;
        foreach (MethodInfo test in typeof(Tests).GetMethods(BindingFlags.Instance | BindingFlags.NonPublic).OrderBy(one => one.Name))
        {
            if (!test.Name.StartsWith("Test", StringComparison.Ordinal)) continue;
            try
            {
                test.Invoke(new Tests(), null);
                passed++;
            }
            catch (TargetInvocationException problem)
            {
                failed++;
                Console.WriteLine("FAILED " + test.Name + ": " + problem.InnerException);
            }
        }
        Console.WriteLine(passed + " tests passed, " + failed + " failed");
        return failed == 0 && passed > 0 ? 0 : 1;
    }

    internal static int LoadAlone()
    {
        try
        {
            using (new MobivateClient()) Console.WriteLine(MobivateClient.LibraryVersion);
            return 0;
        }
        catch (DllNotFoundException problem)
        {
            Console.WriteLine(problem.Message);
            return 1;
        }
    }

    private static void Check(bool holds, string what)
    {
        if (!holds) throw new Exception(what);
    }

    private static T Throws<T>(Action action)
        where T : Exception
    {
        try
        {
            action();
        }
        catch (T expected)
        {
            return expected;
        }
        throw new Exception("no " + typeof(T).Name + " was thrown");
    }

    private static MobivateClient NewClient(string scheme)
    {
        return new MobivateClient(new MobivateOptions
        {
            BaseUrl = Standin.Fact(scheme), CaFile = Standin.Fact("ca_file"), Proxy = "", Timeout = TimeSpan.FromMinutes(1)
        });
    }

    private static string NewAccount(string scenario = "{}")
    {
        string username = "csharp-" + Interlocked.Increment(ref accounts) + "@example.com";
        Standin.Create(username, Password, scenario);
        return username;
    }

    private static int Descriptors()
    {
        return Directory.GetFileSystemEntries("/proc/self/fd").Length;
    }

    private static long ResidentKib()
    {
        string line = File.ReadAllLines("/proc/self/status").First(one => one.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Substring(6).Replace("kB", "").Trim());
    }

    private void TestErrorsCarryEverything()
    {
        string username = NewAccount("{\"status\":429,\"headers\":[[\"Retry-After\",\"7\"]],\"body\":{\"code\":4290,\"message\":\"Slow down\"}}");
        using (MobivateClient client = NewClient("https"))
        {
            var problem = Throws<MobivateRefusedException>(() => client.CreateKey(username, Password));
            Failure failure = problem.Failure;
            Check(problem.Status == Status.RateLimited && problem.KeyState == KeyState.Unchanged && failure.HttpStatus == 429 &&
                failure.ServerCode == 4290 && failure.ServerMessage == "Slow down" && failure.RetryAfter == TimeSpan.FromSeconds(7), problem.ToString());
            Check(problem.Message.Contains("The old key still works."), problem.Message);
        }
    }

    private void TestPasswordsOfEveryKind()
    {
        string username = NewAccount();
        using (MobivateClient client = NewClient("https"))
        {
            foreach (Func<ApiKey> call in new Func<ApiKey>[]
            {
                () => client.CreateKey(username, Password),
                () => client.CreateKey(username, Password.ToCharArray()),
                () => client.CreateKey(username, Encoding.UTF8.GetBytes(Password)),
                () => client.CreateKeyAsync(username, Encoding.UTF8.GetBytes(Password)).Result
            })
            {
                using (ApiKey key = call())
                {
                    Check(key.Reveal() == Standin.Await(username, 0).ValidKey && key.Length == 36, "not the valid key");
                    Check(Encoding.ASCII.GetString(key.ToByteArray()) == key.Reveal(), "not the same bytes");
                }
            }
            Throws<MobivateArgumentException>(() => client.CreateKey(username, "\ud800"));
            Throws<MobivateArgumentException>(() => client.CreateKey(username, new byte[0]));
            Throws<MobivateArgumentException>(() => client.CreateKey(username, new byte[] { 0xC3, 0x28 }));
            Throws<ArgumentNullException>(() => client.CreateKey(username, (string)null));
            Throws<ArgumentNullException>(() => client.CreateKey(null, Password));
        }
    }

    private void TestKeysAreNotShown()
    {
        string username = NewAccount();
        using (MobivateClient client = NewClient("https"))
        {
            ApiKey key = client.CreateKey(username, Password);
            string valid = Standin.Await(username, 1).ValidKey;
            Check(!key.ToString().Contains(valid) && !(key + "").Contains(valid) && !string.Format("{0}", key).Contains(valid), "it is shown");
            key.Dispose();
            key.Dispose();
            Check(key.Length == 0, "it is not wiped");
            Throws<ObjectDisposedException>(() => key.Reveal());
        }
    }

    private void TestCancelling()
    {
        string username = NewAccount("{\"sequence\":[" + Stalls + ",{}]}");
        using (MobivateClient client = NewClient("https"))
        using (var source = new CancellationTokenSource())
        {
            Task<ApiKey> call = client.CreateKeyAsync(username, Password, source.Token);
            Standin.Await(username, 1);
            source.Cancel();
            var problem = Throws<MobivateCanceledException>(() => call.GetAwaiter().GetResult());
            Check(problem.KeyState == KeyState.Unknown && problem.CancellationToken == source.Token, problem.ToString());
            Throws<OperationCanceledException>(() => client.CreateKey(username, Password, source.Token));
            // What cancelled an earlier call does not touch a later one.
            using (ApiKey key = client.CreateKey(username, Password)) Check(key.Length > 0, "no key");
        }
    }

    private void TestATokenOfAnEarlierCallNeverHitsALaterOne()
    {
        string username = NewAccount();
        using (MobivateClient client = NewClient("http"))
        {
            for (int i = 0; i < 300; i++)
            {
                using (var source = new CancellationTokenSource())
                {
                    Task cancelling = Task.Run(() => source.Cancel());
                    try
                    {
                        client.CreateKey(username, Password, source.Token).Dispose();
                    }
                    catch (MobivateCanceledException)
                    {
                        // As it comes.
                    }
                    client.CreateKey(username, Password).Dispose();
                    cancelling.Wait();
                }
            }
        }
    }

    private void TestTwoThreads()
    {
        string username = NewAccount(Stalls);
        using (MobivateClient client = NewClient("https"))
        using (var source = new CancellationTokenSource())
        {
            Task<ApiKey> call = client.CreateKeyAsync(username, Password, source.Token);
            Standin.Await(username, 1);
            Check(Throws<MobivateBusyException>(() => client.CreateKey(username, Password)).Status == Status.Busy, "not busy");
            Throws<MobivateBusyException>(() => client.SetOption("timeout_ms", "1"));
            Check(!call.IsCompleted && Standin.Await(username, 0).Requests == 1, "the first call has been disturbed");
            source.Cancel();
            Throws<MobivateCanceledException>(() => call.GetAwaiter().GetResult());
        }
    }

    private void TestDisposing()
    {
        string username = NewAccount(Stalls);
        MobivateClient client = NewClient("https");
        Task<ApiKey> call = client.CreateKeyAsync(username, Password);
        Standin.Await(username, 1);
        Task.WaitAll(Task.Run(() => client.Dispose()), Task.Run(() => client.Dispose()));
        Throws<MobivateCanceledException>(() => call.GetAwaiter().GetResult());
        client.Dispose();
        Throws<ObjectDisposedException>(() => client.CreateKey(username, Password));
        Throws<ObjectDisposedException>(() => client.SetOption("timeout_ms", "1"));
    }

    private void TestForgottenClientsAreFreed()
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
        Check(Descriptors() <= open + 30, Descriptors() + " descriptors, and " + open + " before");
    }

    private static void Forget(string username)
    {
        for (int i = 0; i < 50; i++) NewClient("http").CreateKey(username, Password).Dispose();
    }

    private void TestBadOptions()
    {
        string message = Throws<MobivateArgumentException>(() => new MobivateClient(new MobivateOptions { BaseUrl = "http://example.com" })).Message;
        Check(message.Contains("base_url"), message);
        Throws<MobivateArgumentException>(() => new MobivateClient(new MobivateOptions { Timeout = TimeSpan.Zero }));
        using (MobivateClient client = NewClient("https")) Throws<ArgumentNullException>(() => client.SetOption("proxy", null));
    }

    private void TestOtherThreadsRunOn()
    {
        string username = NewAccount(Stalls);
        using (MobivateClient client = NewClient("https"))
        using (var source = new CancellationTokenSource())
        {
            Task<ApiKey> call = client.CreateKeyAsync(username, Password, source.Token);
            Standin.Await(username, 1);
            Check(Enumerable.Range(0, 100).Select(i => Task.Run(() => i)).Sum(task => task.Result) == 4950, "no");
            GC.Collect();
            Check(!call.IsCompleted, "the call has ended");
            source.Cancel();
            Throws<MobivateCanceledException>(() => call.GetAwaiter().GetResult());
        }
    }

    private void TestTenThousandCallsLeakNothing()
    {
        string username = NewAccount();
        using (MobivateClient client = NewClient("http"))
        {
            Action<int> call = count =>
            {
                for (int i = 0; i < count; i++) client.CreateKey(username, Password).Dispose();
                GC.Collect();
                GC.WaitForPendingFinalizers();
                GC.Collect();
            };
            call(3000);
            int open = Descriptors();
            long resident = ResidentKib();
            call(10000);
            Check(Descriptors() <= open, Descriptors() + " descriptors, and " + open + " before");
            long grown = ResidentKib() - resident;
            Check(grown < 8192, grown + " KiB more");
        }
    }

    private void TestDeclarations()
    {
        var header = Json.Parse(File.ReadAllText(Environment.GetEnvironmentVariable("MOBIVATE_HEADER")));
        var status = (Dictionary<string, object>)header["status"];
        Check(status.Count == Enum.GetValues(typeof(Status)).Length, "another number of statuses");
        foreach (var one in status)
        {
            string name = one.Key == "MBV_OK" ? "Ok" : one.Key.Substring("MBV_ERR_".Length).Replace("_", "");
            Check((long)(int)(Status)Enum.Parse(typeof(Status), name, true) == (long)one.Value, one.Key);
        }
        foreach (var one in (Dictionary<string, object>)header["key_states"])
        {
            string name = one.Key.Substring("MBV_KEY_".Length);
            Check((long)(int)(KeyState)Enum.Parse(typeof(KeyState), name, true) == (long)one.Value, one.Key);
        }
        Type functions = typeof(MobivateClient).Assembly.GetType("Mobivate.Native+Functions");
        var types = new Dictionary<string, string>
        {
            { "mbv_client *", "IntPtr" }, { "const mbv_client *", "IntPtr" }, { "const char *", "IntPtr" }, { "char *", "IntPtr" },
            { "size_t", "UIntPtr" }, { "size_t *", "UIntPtr&" }, { "int32_t", "Int32" }, { "int64_t", "Int64" }, { "void", "Void" }
        };
        int compared = 0;
        foreach (FieldInfo field in functions.GetFields(BindingFlags.Instance | BindingFlags.NonPublic))
        {
            if (!typeof(Delegate).IsAssignableFrom(field.FieldType)) continue;
            var declared = (Dictionary<string, object>)((Dictionary<string, object>)header["functions"])[field.Name];
            MethodInfo invoke = field.FieldType.GetMethod("Invoke");
            string own = invoke.ReturnType.Name + "(" + string.Join(",", invoke.GetParameters().Select(one => one.ParameterType.Name)) + ")";
            string wanted = types[(string)declared["returns"]] + "(" +
                string.Join(",", ((List<object>)declared["parameters"]).Select(one => types[(string)one])) + ")";
            Check(own == wanted, field.Name + " is " + own + ", and in the header " + wanted);
            compared++;
        }
        Check(compared == 14, compared + " functions compared");
    }
}
