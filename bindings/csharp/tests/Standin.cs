// SPDX-License-Identifier: MIT
using System;
using System.Collections.Generic;
using System.IO;
using System.Net.Sockets;
using System.Text;

/// <summary>The stand-in service as the tests see it: its facts, and the truth that it knows.</summary>
internal static class Standin
{
    internal static readonly Dictionary<string, object> Facts =
        Json.Parse(Environment.GetEnvironmentVariable("MOBIVATE_STANDIN"));

    internal static string Fact(string name, string member = null)
    {
        return (string)(member == null ? Facts[name] : ((Dictionary<string, object>)Facts[name])[member]);
    }

    internal sealed class Account
    {
        internal long Requests;
        internal string ValidKey;
    }

    internal static Account Create(string username, string password, object scenario = null)
    {
        return Ask("POST", "accounts", "{\"username\":" + Json.Quote(username) + ",\"password\":" + Json.Quote(password) +
            ",\"scenario\":" + (scenario is string ? (string)scenario : Json.Write(scenario ?? new Dictionary<string, object>())) + "}");
    }

    /// <summary>Waits until the account's call has made so many requests.</summary>
    internal static Account Await(string username, long requests)
    {
        Account found = Ask("GET", "accounts/" + Uri.EscapeDataString(username) + "?requests=" + requests + "&timeout_ms=10000", "");
        if (found.Requests < requests) throw new Exception("the request did not come");
        return found;
    }

    private static Account Ask(string method, string path, string body)
    {
        Uri url = new Uri(Fact("http"));
        using (TcpClient connection = new TcpClient(url.Host, url.Port))
        using (NetworkStream stream = connection.GetStream())
        {
            byte[] content = Encoding.UTF8.GetBytes(body);
            byte[] head = Encoding.ASCII.GetBytes(method + " /standin/" + path + " HTTP/1.1\r\nHost: localhost\r\n" +
                "Connection: close\r\nContent-Length: " + content.Length + "\r\n\r\n");
            stream.Write(head, 0, head.Length);
            stream.Write(content, 0, content.Length);
            string answer = new StreamReader(stream, Encoding.UTF8).ReadToEnd();
            if (!answer.StartsWith("HTTP/1.1 2", StringComparison.Ordinal)) throw new Exception(answer);
            var members = Json.Parse(answer.Substring(answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4));
            return new Account { Requests = (long)members["requests"], ValidKey = (string)members["valid_key"] };
        }
    }
}
