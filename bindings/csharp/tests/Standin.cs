// SPDX-License-Identifier: MIT
using System;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

/// <summary>The stand-in service as the tests see it.</summary>
internal static class Standin
{
    internal const string Password = "correct-password";

    internal static string Fact(string name)
    {
        return Environment.GetEnvironmentVariable("MOBIVATE_STANDIN_" + name);
    }

    internal static void Create(string username, string scenario)
    {
        Ask("POST", "", "{\"username\":\"" + username + "\",\"password\":\"" + Password + "\",\"scenario\":" + scenario + "}");
    }

    /// <summary>How many requests the account has had, as soon as there were so many.</summary>
    internal static int Requests(string username, int atLeast)
    {
        return int.Parse(Member(username, atLeast, "requests"));
    }

    internal static string ValidKey(string username)
    {
        return Member(username, 0, "valid_key");
    }

    private static string Member(string username, int requests, string name)
    {
        string account = Ask("GET", "/" + username + "?requests=" + requests + "&timeout_ms=10000", "");
        return Regex.Match(account, "\"" + name + "\":\"?([^\",]*)").Groups[1].Value;
    }

    private static string Ask(string method, string path, string body)
    {
        Uri url = new Uri(Fact("HTTP"));
        using (TcpClient connection = new TcpClient(url.Host, url.Port))
        using (NetworkStream stream = connection.GetStream())
        {
            byte[] request = Encoding.UTF8.GetBytes(
                method + " /standin/accounts" + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " +
                body.Length + "\r\n\r\n" + body);
            stream.Write(request, 0, request.Length);
            string answer = new StreamReader(stream, Encoding.UTF8).ReadToEnd();
            if (!answer.StartsWith("HTTP/1.1 2", StringComparison.Ordinal)) throw new Exception(answer);
            return answer;
        }
    }
}
