# SPDX-License-Identifier: MIT
# Creates an API key: elixir -e CreateKey.main -- USERNAME PASSWORD_FILE

defmodule CreateKey do
  @on_load :load

  # The functions that erlang/mobivate_nif.c has. Calls run on dirty schedulers: the other processes go on.
  def load do
    [Path.dirname(:code.which(__MODULE__)), "mobivate_nif"]
    |> Path.join()
    |> to_charlist()
    |> :erlang.load_nif(0)
  end

  def new, do: :erlang.nif_error(:not_loaded)
  def set(_client, _option, _value), do: :erlang.nif_error(:not_loaded)
  def create_key(_client, _username, _password), do: :erlang.nif_error(:not_loaded)
  def get_key(_client, _username, _password), do: :erlang.nif_error(:not_loaded)

  def main, do: main(System.argv())

  def main([username, file]) do
    with {:ok, password} <- password(file),
         {:ok, client} <- client(),
         {:ok, key} <- key(client, username, password) do
      print(key)
    else
      {:error, code, message} -> fail(code, message)
    end
  end

  def main(_), do: fail(2, "usage: elixir -e CreateKey.main -- USERNAME PASSWORD_FILE")

  # A binary cannot be wiped. A crash dump has it, unless ERL_CRASH_DUMP_BYTES is 0.
  defp password(file) do
    case File.read(file) do
      {:ok, contents} -> {:ok, String.replace(contents, ~r/\r?\n\z/, "")}
      {:error, reason} -> {:error, 2, "#{file} cannot be read: #{:file.format_error(reason)}"}
    end
  end

  defp client do
    client = new()

    Enum.find_value(
      [base_url: "MOBIVATE_BASE_URL", ca_file: "MOBIVATE_CA_FILE"],
      {:ok, client},
      fn {option, variable} ->
        value = System.get_env(variable)

        case value && set(client, option, value) do
          {:error, {_, _, message}} -> {:error, 2, message}
          _ -> nil
        end
      end
    )
  end

  defp key(client, username, password) do
    case create_key(client, username, password) do
      {:error, {status, :unknown, message}} ->
        IO.puts(:stderr, message)
        # Changes nothing, and says which key the account has.
        with {:error, {_, _, reason}} <- get_key(client, username, password),
             do: {:error, exit_code(status, :unknown), reason}

      {:error, {status, key_state, message}} ->
        {:error, exit_code(status, key_state), message}

      {:ok, key} ->
        {:ok, key}
    end
  end

  defp exit_code(:MBV_ERR_INVALID_ARGUMENT, _), do: 2
  defp exit_code(_, key_state) when key_state != :unchanged, do: 5

  defp exit_code(status, _)
       when status in [:MBV_ERR_CREDENTIALS, :MBV_ERR_RATE_LIMITED, :MBV_ERR_REJECTED],
       do: 3

  defp exit_code(_, _), do: 4

  # Not by IO.puts: the standard output is a process, and it does not say when writing fails.
  defp print(key) do
    case File.write("/dev/stdout", key <> "\n", [:raw, :append]) do
      :ok -> :ok
      {:error, _} -> fail(6, "The key could not be printed: #{key}")
    end
  end

  defp fail(code, message) do
    IO.puts(:stderr, message)
    System.halt(code)
  end
end
