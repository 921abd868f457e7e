// SPDX-License-Identifier: MIT
/// <summary>"conformance" runs the cases, "tests" the tests of this package, "load" makes a client and prints a version.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        if (arguments[0] == "conformance") return Conformance.Run();
        if (arguments[0] == "tests") return Tests.Run();
        return Tests.LoadAlone();
    }
}
