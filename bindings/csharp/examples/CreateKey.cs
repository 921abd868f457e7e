// SPDX-License-Identifier: MIT
using System;
using Mobivate;

internal static class CreateKey
{
    private static void Main()
    {
        using (var client = new MobivateClient())
        {
            try
            {
                using (ApiKey key = client.CreateKey("first.last@example.com", "your-pass")) Console.WriteLine(key.Reveal());
            }
            catch (MobivateException problem)
            {
                Console.Error.WriteLine(problem.Message); // says what became of the old key, too
            }
        }
    }
}
