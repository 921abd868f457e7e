// SPDX-License-Identifier: MIT
using System;
using System.IO;
using System.Text;
using Mobivate;

/// <summary>Creates COUNT keys, one after the other. ./programs says what is in the environment.</summary>
internal static class MobivateBenchmark
{
    private static string Variable(string name)
    {
        return Environment.GetEnvironmentVariable(name);
    }

    // A stream with a buffer of one byte has none.
    private static byte[] ReadPassword()
    {
        using (var file = new FileStream(Variable("MOBIVATE_PASSWORD_FILE"), FileMode.Open, FileAccess.Read, FileShare.Read, 1))
        {
            byte[] password = new byte[file.Length];
            int at = 0;
            while (at < password.Length) at += file.Read(password, at, password.Length - at);
            return password;
        }
    }

    private static void Pause(string what)
    {
        if (Variable("MOBIVATE_PROGRAM_PAUSE") != "1") return;
        Console.WriteLine(what);
        Console.ReadLine();
    }

    private static void Main(string[] arguments)
    {
        int count = int.Parse(arguments[0]);
        string username = Variable("MOBIVATE_USERNAME");
        using (var client = new MobivateClient(new MobivateOptions
        {
            BaseUrl = Variable("MOBIVATE_BASE_URL"), CaFile = Variable("MOBIVATE_CA_FILE"), Proxy = ""
        }))
        {
            byte[] password = ReadPassword();
            if (Variable("MOBIVATE_PROGRAM_TEXT") == "1")
            {
                string text = Encoding.UTF8.GetString(password);
                for (int i = 0; i < count; i++)
                {
                    using (ApiKey key = client.CreateKey(username, text))
                    {
                        if (key.Reveal().Length == 0) throw new InvalidOperationException();
                    }
                }
            }
            else
            {
                for (int i = 0; i < count; i++) client.CreateKey(username, password).Dispose();
                Array.Clear(password, 0, password.Length);
            }
            Console.WriteLine("created " + count);
            Pause("kept");
        }
        Pause("freed");
    }
}
