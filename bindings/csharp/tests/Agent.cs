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

/// <summary>The agent of the conformance cases: tests/bindings/README.md says what it is told.</summary>
internal sealed class Agent
{
    private static readonly Dictionary<string, Agent> Agents = new Dictionary<string, Agent>();

    // What calls with secrets in strings have left, kept until the end.
    private static readonly List<string> Strings = new List<string>();

    private MobivateClient client;
    private CancellationTokenSource cancelling = new CancellationTokenSource();
    private Task<ApiKey> call;

    private static string Field(string text) =>
        text.Length == 0 ? "-" : string.Concat(Encoding.UTF8.GetBytes(text).Select(each => each.ToString("x2")));

    private static string Text(string field)
    {
        string digits = field.TrimStart('-');
        return Encoding.UTF8.GetString(Enumerable.Range(0, digits.Length / 2).Select(at => Convert.ToByte(digits.Substring(2 * at, 2), 16)).ToArray());
    }

    private static string Outcome(Func<ApiKey> action, KeyState state = KeyState.Unchanged)
    {
        return Outcome(() =>
        {
            using (ApiKey key = action()) return "MBV_OK " + state.ToString().ToLowerInvariant() + " 0 0 - -1 - " + (key == null ? "-" : Field(key.Reveal()));
        });
    }

    private static string Outcome(Func<string> action)
    {
        try
        {
            return action();
        }
        catch (MobivateException problem)
        {
            return Outcome(problem, problem.Failure);
        }
        catch (MobivateCanceledException problem)
        {
            return Outcome(problem, problem.Failure);
        }
        catch (ObjectDisposedException)
        {
            return "closed";
        }
    }

    private static string Outcome(Exception problem, Failure failure)
    {
        // TimedOut is MBV_ERR_TIMED_OUT.
        string name = string.Concat(failure.Status.ToString().Select(each => (char.IsUpper(each) ? "_" : "") + char.ToUpperInvariant(each)));
        double wait = failure.RetryAfter.HasValue ? failure.RetryAfter.Value.TotalMilliseconds : -1;
        return string.Join(
            " ", "MBV_ERR" + name, failure.KeyState.ToString().ToLowerInvariant(), failure.HttpStatus ?? 0, failure.ServerCode ?? 0,
            Field(failure.ServerMessage ?? ""), (long)wait, Field(problem.Message), "-");
    }

    private static TimeSpan? Milliseconds(string text) => text == null ? (TimeSpan?)null : TimeSpan.FromMilliseconds(double.Parse(text));

    private ApiKey Open(IEnumerable<string> words)
    {
        string[] texts = words.Select(Text).ToArray();
        var option = Enumerable.Range(0, texts.Length / 2).ToDictionary(at => texts[2 * at], at => texts[2 * at + 1]);
        Func<string, string> get = name => option.ContainsKey(name) ? option[name] : null;
        client = new MobivateClient(new MobivateOptions
        {
            BaseUrl = get("base_url"), CaFile = get("ca_file"), Proxy = get("proxy"),
            Timeout = Milliseconds(get("timeout_ms")), ConnectTimeout = Milliseconds(get("connect_timeout_ms"))
        });
        return null;
    }

    private ApiKey Set(string option, string value)
    {
        client.SetOption(option, value);
        return null;
    }

    private ApiKey Call(string kind, bool inText, string username, string text, byte[] secret)
    {
        if (kind == "create") return inText ? client.CreateKey(username, text) : client.CreateKey(username, secret);
        if (kind == "get") return inText ? client.GetKey(username, text) : client.GetKey(username, secret);
        if (!(inText ? client.TestKey(text) : client.TestKey(secret))) throw new ArgumentException("The key is refused.");
        return null;
    }

    private void Repeat(int count, string kind, bool inText, string username, string path)
    {
        byte[] secret = File.ReadAllBytes(path);
        string text = inText ? Encoding.UTF8.GetString(secret) : null;
        Strings.Add(text);
        for (int i = 0; i < count; i++)
        {
            using (ApiKey key = Call(kind, inText, username, text, secret))
            {
                if (inText && key != null) Strings.Add(key.Reveal());
            }
        }
        Array.Clear(secret, 0, secret.Length);
    }

    private string Answer(string command, string[] words)
    {
        switch (command)
        {
            case "new":
                return Outcome(() => Open(words));
            case "set":
                return Outcome(() => Set(Text(words[0]), Text(words[1])));
            case "create":
                return Outcome(() => client.CreateKey(Text(words[0]), Text(words[1]), cancelling.Token), KeyState.Replaced);
            case "get":
                return Outcome(() => client.GetKey(Text(words[0]), Text(words[1]), cancelling.Token));
            case "test":
                return Outcome(() => (client.TestKey(Text(words[0]), cancelling.Token) ? "MBV_OK" : "MBV_ERR_CREDENTIALS") + " unchanged 0 0 - -1 - -");
            case "start":
                call = client.CreateKeyAsync(Text(words[0]), Text(words[1]), cancelling.Token);
                return "ok";
            case "wait":
                return Outcome(() => call.GetAwaiter().GetResult(), KeyState.Replaced);
            case "cancel":
                cancelling.Cancel();
                return "ok";
            case "uncancel":
                cancelling = new CancellationTokenSource();
                return "ok";
            case "close":
                client.Dispose();
                return "ok";
            case "repeat":
                Repeat(int.Parse(words[0]), words[1], words[2] == "text", Text(words[3]), Text(words[4]));
                return "ok";
            default:
                return "error " + Field("there is no command " + command);
        }
    }

    private static string Answer(string[] words)
    {
#if MONO
        MethodInfo version = Type.GetType("Mono.Runtime").GetMethod("GetDisplayName", BindingFlags.NonPublic | BindingFlags.Static);
        if (words[0] == "runtime") return Field("Mono " + ((string)version.Invoke(null, null)).Split(' ')[0]);
#else
        if (words[0] == "runtime") return Field(".NET " + Environment.Version);
#endif
        if (words[0] == "new") Agents[words[1]] = new Agent();
        try
        {
            return words[0] == "quit" ? "ok" : Agents[words[1]].Answer(words[0], words.Skip(2).ToArray());
        }
        catch (Exception problem)
        {
            return "error " + Field(problem.ToString());
        }
    }

    private static void Main()
    {
        // Console's own reader takes no line of 130,000 characters on Mono.
        var input = new StreamReader(Console.OpenStandardInput());
        string line = "";
        while (line != "quit" && (line = input.ReadLine()) != null) Console.WriteLine(Answer(line.Split(' ')));
    }
}
