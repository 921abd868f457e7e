// SPDX-License-Identifier: MIT
using System;
using System.Collections.Generic;
using System.Linq;
using System.Reflection;

/// <summary>What the tests use of xunit, where xunit cannot be had: then they are a plain program. Mono has it from nowhere.</summary>
namespace Xunit
{
    [AttributeUsage(AttributeTargets.Method)]
    internal sealed class FactAttribute : Attribute { }

    internal static class Assert
    {
        internal static void True(bool condition, string message = "false")
        {
            if (!condition) throw new Exception(message);
        }

        internal static void False(bool condition, string message = "true")
        {
            True(!condition, message);
        }

        internal static void Equal<T>(T expected, T actual)
        {
            True(EqualityComparer<T>.Default.Equals(expected, actual), "expected " + expected + ", and it is " + actual);
        }

        internal static void Contains(string part, string text)
        {
            True(text.Contains(part), "no \"" + part + "\" in \"" + text + "\"");
        }

        internal static void DoesNotContain(string part, string text)
        {
            True(!text.Contains(part), "\"" + part + "\" in \"" + text + "\"");
        }

        internal static T Throws<T>(Action action)
            where T : Exception
        {
            try
            {
                action();
            }
            catch (T expected)
            {
                Equal(typeof(T), expected.GetType());
                return expected;
            }
            throw new Exception("no " + typeof(T).Name + " was thrown");
        }
    }

    internal static class Plain
    {
        private static int Main()
        {
            int failed = 0;
            MethodInfo[] tests = typeof(MobivateTests).GetMethods().Where(each => each.IsDefined(typeof(FactAttribute), false)).ToArray();
            foreach (MethodInfo test in tests)
            {
                try
                {
                    test.Invoke(new MobivateTests(), null);
                }
                catch (TargetInvocationException problem)
                {
                    failed++;
                    Console.WriteLine("FAILED " + test.Name + ": " + problem.InnerException);
                }
            }
            Console.WriteLine(tests.Length - failed + " passed, " + failed + " failed");
            return failed == 0 && tests.Length > 0 ? 0 : 1;
        }
    }
}
