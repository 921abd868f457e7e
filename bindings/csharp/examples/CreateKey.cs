// SPDX-License-Identifier: MIT
using System;
using System.IO;
using Mobivate;

internal static class CreateKey
{
    private static int Main()
    {
        try
        {
            using (var client = new MobivateClient())
            using (ApiKey key = client.CreateKey("first.last@example.com", "your-pass"))
            {
                return Deliver(key.Reveal());
            }
        }
        catch (Exception problem) when (problem is MobivateException || problem is DllNotFoundException)
        {
            Console.Error.WriteLine(problem.Message); // says whether the old key still works, too
            return ExitCode(problem);
        }
    }

    private static int Deliver(string key)
    {
        try
        {
            Console.WriteLine(key);
            return 0;
        }
        catch (IOException)
        {
            Console.Error.WriteLine("The key was created, but could not be written: " + key);
            return 6;
        }
    }

    // What the tool mbv would end with.
    private static int ExitCode(Exception problem)
    {
        if (problem is MobivateArgumentException) return 2; // wrong input; nothing was sent
        var failed = problem as MobivateException;
        if (failed != null && failed.KeyState != KeyState.Unchanged) return 5; // unknown, whatever the reason; ask with GetKey
        return problem is MobivateRefusedException ? 3 : 4; // 3: refused, 4: not sent; the old key still works
    }
}
