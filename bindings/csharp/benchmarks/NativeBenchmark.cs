// SPDX-License-Identifier: MIT
using System;
using System.IO;
using System.Net.Http;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;

/// <summary>The same with .NET's own client.</summary>
internal static class NativeBenchmark
{
    private static void Main(string[] arguments)
    {
        int count = int.Parse(arguments[0]);
        var trusted = new X509Certificate2Collection();
        trusted.ImportFromPemFile(Environment.GetEnvironmentVariable("MOBIVATE_CA_FILE"));
        var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust };
        handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(trusted);
        handler.SslOptions.CertificateChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        using (var client = new HttpClient(handler))
        {
            string body = JsonSerializer.Serialize(new System.Collections.Generic.Dictionary<string, string>
            {
                { "username", Environment.GetEnvironmentVariable("MOBIVATE_USERNAME") },
                { "password", File.ReadAllText(Environment.GetEnvironmentVariable("MOBIVATE_PASSWORD_FILE")) }
            });
            string url = Environment.GetEnvironmentVariable("MOBIVATE_BASE_URL") + "/auth/createkey";
            for (int i = 0; i < count; i++)
            {
                using (var content = new StringContent(body, Encoding.UTF8, "application/json"))
                using (HttpResponseMessage answer = client.PostAsync(url, content).GetAwaiter().GetResult())
                using (JsonDocument document = JsonDocument.Parse(answer.Content.ReadAsStringAsync().GetAwaiter().GetResult()))
                {
                    if (document.RootElement.GetProperty("apiKey").GetString().Length == 0) throw new InvalidOperationException();
                }
            }
        }
        Console.WriteLine("created " + count);
    }
}
