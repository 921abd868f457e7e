// SPDX-License-Identifier: MIT
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

/// <summary>Reads JSON into dictionaries, lists, strings, longs, booleans and nulls: both runtimes can compile it.</summary>
internal sealed class Json
{
    private readonly string text;
    private int at;

    private Json(string text)
    {
        this.text = text;
    }

    internal static Dictionary<string, object> Parse(string text)
    {
        return (Dictionary<string, object>)new Json(text).Value();
    }

    internal static string Quote(string text)
    {
        StringBuilder quoted = new StringBuilder("\"");
        foreach (char c in text)
        {
            if (c < ' ' || c == '"' || c == '\\' || c > '~') quoted.AppendFormat("\\u{0:x4}", (int)c);
            else quoted.Append(c);
        }
        return quoted.Append('"').ToString();
    }

    internal static string Write(object value)
    {
        var members = value as Dictionary<string, object>;
        var elements = value as List<object>;
        List<string> parts = new List<string>();
        if (members != null)
        {
            foreach (var member in members) parts.Add(Quote(member.Key) + ":" + Write(member.Value));
            return "{" + string.Join(",", parts) + "}";
        }
        if (elements != null)
        {
            foreach (object element in elements) parts.Add(Write(element));
            return "[" + string.Join(",", parts) + "]";
        }
        if (value is string) return Quote((string)value);
        if (value is bool) return (bool)value ? "true" : "false";
        return value == null ? "null" : Convert.ToString(value, CultureInfo.InvariantCulture);
    }

    private char Next()
    {
        while (char.IsWhiteSpace(text[at])) at++;
        return text[at];
    }

    private bool Take(char c)
    {
        if (Next() != c) return false;
        at++;
        return true;
    }

    private object Value()
    {
        char c = Next();
        if (c == '{')
        {
            at++;
            var members = new Dictionary<string, object>();
            while (!Take('}'))
            {
                Take(',');
                Next();
                string name = Text();
                Take(':');
                members[name] = Value();
            }
            return members;
        }
        if (c == '[')
        {
            at++;
            var elements = new List<object>();
            while (!Take(']'))
            {
                Take(',');
                elements.Add(Value());
            }
            return elements;
        }
        if (c == '"') return Text();
        int begin = at;
        while (at < text.Length && text[at] != ',' && text[at] != '}' && text[at] != ']' && !char.IsWhiteSpace(text[at])) at++;
        string word = text.Substring(begin, at - begin);
        if (word == "true" || word == "false") return word == "true";
        return word == "null" ? (object)null : long.Parse(word, CultureInfo.InvariantCulture);
    }

    private string Text()
    {
        StringBuilder found = new StringBuilder();
        for (at++; text[at] != '"'; at++)
        {
            if (text[at] != '\\')
            {
                found.Append(text[at]);
                continue;
            }
            at++;
            int escape = "bfnrt".IndexOf(text[at]);
            if (text[at] == 'u')
            {
                found.Append((char)int.Parse(text.Substring(at + 1, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                at += 4;
            }
            else found.Append(escape >= 0 ? "\b\f\n\r\t"[escape] : text[at]);
        }
        at++;
        return found.ToString();
    }
}
