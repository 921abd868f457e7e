// SPDX-License-Identifier: MIT
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using Mobivate;
using Members = System.Collections.Generic.Dictionary<string, object>;

/// <summary>Runs the cases that every language's binding passes: tests/bindings/README.md says what they mean.</summary>
internal sealed class Conformance
{
    private readonly Members one;
    private readonly string username;
    private readonly string password;
    private readonly MobivateClient client;
    private CancellationToken token = CancellationToken.None;

    private Conformance(Members one)
    {
        this.one = one;
        password = Text(one, "password", "correct-password");
        username = Text(one, "username", (string)one["name"] + "-csharp@example.com");
        if (!one.ContainsKey("username")) Standin.Create(username, password, Get(one, "scenario"));
        client = ClientFor();
    }

    private sealed class Outcome
    {
        internal string Key = "";
        internal string Message = "";
        internal Failure Failure;
        internal bool Closed;
    }

    internal static int Run()
    {
        var cases = (List<object>)Json.Parse(File.ReadAllText(Environment.GetEnvironmentVariable("MOBIVATE_CASES")))["cases"];
        int failed = 0;
        foreach (Members one in cases)
        {
            try
            {
                new Conformance(one).Steps();
                Console.WriteLine("ok " + one["name"]);
            }
            catch (Exception problem)
            {
                failed++;
                Console.WriteLine("not ok " + one["name"] + ": " + problem.ToString().Replace("\n", " "));
            }
        }
        Console.WriteLine((cases.Count - failed) + " passed, " + failed + " failed, 0 skipped");
        return failed == 0 && cases.Count > 0 ? 0 : 1;
    }

    private static object Get(Members members, string name)
    {
        object value;
        return members.TryGetValue(name, out value) ? value : null;
    }

    private static string Text(Members members, string name, string otherwise)
    {
        object rule = Get(members, name);
        if (rule == null) return otherwise;
        if (rule is string) return (string)rule;
        var repeat = (List<object>)((Members)rule)["repeat"];
        return new StringBuilder().Insert(0, (string)repeat[0], (int)(long)repeat[1]).ToString();
    }

    private static void Check(bool holds, string what)
    {
        if (!holds) throw new Exception(what);
    }

    private MobivateClient ClientFor()
    {
        string url = Text(one, "base_url", "https");
        string[] parts = url.Split(new[] { '.' }, 2);
        if (parts[0] == "https" || parts[0] == "http") url = Standin.Fact(url);
        else if (parts[0] == "hosts") url = "https://" + Standin.Fact("hosts", parts[1]);
        else if (parts[0] == "tls_faults") url = Standin.Fact("tls_faults", parts[1]);
        MobivateOptions options = new MobivateOptions { BaseUrl = url, Proxy = "" };
        if (!false.Equals(Get(one, "ca_file"))) options.CaFile = Standin.Fact("ca_file");
        MobivateClient made = new MobivateClient(options);
        foreach (var option in (Members)Get(one, "options") ?? new Members()) made.SetOption(option.Key, (string)option.Value);
        return made;
    }

    private static Outcome Call(Func<string> call)
    {
        try
        {
            return new Outcome { Key = call() };
        }
        catch (ObjectDisposedException)
        {
            return new Outcome { Closed = true };
        }
        catch (MobivateException problem)
        {
            return new Outcome { Message = problem.Message, Failure = problem.Failure };
        }
        catch (MobivateCanceledException problem)
        {
            return new Outcome { Message = problem.Message, Failure = problem.Failure };
        }
    }

    private static Outcome Create(MobivateClient client, string username, string password, CancellationToken token)
    {
        return Call(() =>
        {
            using (ApiKey key = client.CreateKey(username, password, token)) return key.Reveal();
        });
    }

    private static async Task<Outcome> CreateAsync(MobivateClient client, string username, string password, CancellationToken token)
    {
        Task<ApiKey> task = client.CreateKeyAsync(username, password, token);
        await Task.WhenAny(task).ConfigureAwait(false);
        return Call(() =>
        {
            using (ApiKey key = task.GetAwaiter().GetResult()) return key.Reveal();
        });
    }

    private static string NameOf(Status status)
    {
        if (status == Status.Ok) return "MBV_OK";
        return "MBV_ERR_" + Regex.Replace(status.ToString(), "(?<!^)([A-Z])", "_$1").ToUpperInvariant();
    }

    private static void Compare(Outcome outcome, Members expected)
    {
        if (true.Equals(Get(expected, "closed")))
        {
            Check(outcome.Closed, "not the error of a closed client: " + outcome.Message);
            return;
        }
        Check(!outcome.Closed, "the client is closed");
        Failure failure = outcome.Failure;
        bool created = failure == null;
        var found = new Members
        {
            { "status", created ? "MBV_OK" : NameOf(failure.Status) },
            { "key_state", created ? "replaced" : failure.KeyState.ToString().ToLowerInvariant() },
            { "http_status", (long)(created ? 0 : failure.HttpStatus ?? 0) },
            { "server_code", (long)(created ? 0 : failure.ServerCode ?? 0) },
            { "server_message", created ? "" : failure.ServerMessage ?? "" },
            { "retry_after_ms", created || failure.RetryAfter == null ? -1 : (long)failure.RetryAfter.Value.TotalMilliseconds },
            { "key_size", (long)outcome.Key.Length }
        };
        foreach (var member in expected)
        {
            var texts = member.Value as List<object> ?? new List<object> { member.Value };
            if (found.ContainsKey(member.Key))
            {
                Check(found[member.Key].Equals(member.Value), member.Key + " is " + found[member.Key] + ": " + outcome.Message);
            }
            else if (member.Key == "message_contains")
            {
                foreach (string text in texts) Check(outcome.Message.Contains(text), outcome.Message + " lacks " + text);
            }
            else if (member.Key == "message_lacks")
            {
                foreach (string text in texts) Check(!(outcome.Message + found["server_message"]).Contains(text), outcome.Message + " has " + text);
            }
            else
            {
                Check(member.Key == "requests" || member.Key == "valid", "there is nothing to expect of " + member.Key);
            }
        }
    }

    private static void CompareWords(Outcome outcome)
    {
        if (outcome.Failure == null) return;
        string[] words = outcome.Failure.Status == Status.Busy
            ? new[] { "another thread" }
            : new[] { "The old key still works.", "The old key is revoked.", "The old key may be revoked" };
        Check(words.Any(outcome.Message.Contains), "the key state is not in the text: " + outcome.Message);
    }

    private static void CompareAll(string username, Standin.Account before, Outcome outcome, Members expected)
    {
        Compare(outcome, expected);
        CompareWords(outcome);
        long requests = (long)(Get(expected, "requests") ?? 0L);
        Standin.Account after = Standin.Await(username, before.Requests + requests);
        Check(!expected.ContainsKey("requests") || after.Requests - before.Requests == requests, (after.Requests - before.Requests) + " requests");
        if (!expected.ContainsKey("valid")) return;
        string valid = after.ValidKey == before.ValidKey ? "old" : after.ValidKey == outcome.Key ? "new" : "lost";
        Check(valid.Equals(expected["valid"]), "the valid key is the " + valid + " one");
    }

    private void Steps()
    {
        using (client)
        {
            foreach (Members step in (List<object>)one["steps"])
            {
                for (long i = 0; i < (long)(Get(step, "repeat") ?? 1L); i++) Step(step);
            }
        }
    }

    private void Step(Members step)
    {
        Members expected = (Members)Get(step, "expect") ?? new Members();
        Standin.Account before = one.ContainsKey("username") ? new Standin.Account() : Standin.Await(username, 0);
        string what = (string)step["do"];
        if (what == "create_key")
        {
            CompareAll(username, before, Create(client, Text(step, "username", username), Text(step, "password", password), token), expected);
        }
        else if (what == "create_key_then_cancel" || what == "create_key_while_busy")
        {
            using (var source = new CancellationTokenSource())
            {
                Task<Outcome> call = CreateAsync(client, username, password, source.Token);
                Standin.Await(username, before.Requests + 1);
                if (what == "create_key_while_busy")
                {
                    CompareAll(username, before, Create(client, username, password, CancellationToken.None), expected);
                    expected = new Members { { "status", "MBV_ERR_CANCELLED" } };
                }
                source.Cancel();
                CompareAll(username, before, call.Result, expected);
            }
        }
        else if (what == "create_key_on_two_clients")
        {
            string second = "second-" + username;
            Standin.Account other = Standin.Create(second, password, Get(one, "scenario"));
            using (MobivateClient another = ClientFor())
            {
                Task<Outcome> first = CreateAsync(client, username, password, token);
                Task<Outcome> next = CreateAsync(another, second, password, token);
                CompareAll(username, before, first.Result, expected);
                CompareAll(second, other, next.Result, expected);
            }
        }
        else if (what == "cancel") token = new CancellationToken(true);
        else if (what == "uncancel") token = CancellationToken.None;
        else if (what == "close") client.Dispose();
        else
        {
            Check(what == "set", "there is no step " + what);
            Compare(Call(() =>
            {
                client.SetOption((string)step["option"], (string)step["value"]);
                return "";
            }), expected);
        }
    }
}
