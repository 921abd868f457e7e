# SPDX-License-Identifier: MIT
# Creates an API key: create_key USERNAME PASSWORD_FILE

@[Link("mobivate")]
lib LibMobivate
  INVALID_ARGUMENT =  -1
  CREDENTIALS      = -10
  RATE_LIMITED     = -11
  REJECTED         = -12
  UNCHANGED        =   0
  UNKNOWN          =   2

  type Client = Void*
  fun create = mbv_new : Client
  fun set = mbv_set(client : Client, option : LibC::Char*, value : LibC::Char*) : Int32
  fun create_key = mbv_create_key(client : Client, username : UInt8*, username_size : LibC::SizeT,
                                  password : UInt8*, password_size : LibC::SizeT,
                                  key : UInt8*, key_capacity : LibC::SizeT, key_size : LibC::SizeT*) : Int32
  fun get_key = mbv_get_key(client : Client, username : UInt8*, username_size : LibC::SizeT,
                            password : UInt8*, password_size : LibC::SizeT,
                            key : UInt8*, key_capacity : LibC::SizeT, key_size : LibC::SizeT*) : Int32
  fun error_message = mbv_error_message(client : Client, buffer : UInt8*, capacity : LibC::SizeT) : LibC::SizeT
  fun key_state = mbv_key_state(client : Client) : Int32
  fun free = mbv_free(client : Client)
end

# What is to be told, and the exit code of mbv.
class Failure < Exception
  getter code

  def initialize(message, @code : Int32)
    super(message)
  end
end

class Client
  KEY_CAPACITY = 4097 # the longest key there is, and its NUL

  def initialize
    @client = LibMobivate.create
  end

  def finalize
    LibMobivate.free(@client)
  end

  def set(option, value)
    raise Failure.new(message, 2) unless LibMobivate.set(@client, option, value) == 0
  end

  # A call blocks its thread, and with it all fibers, unless the program is built with -Dpreview_mt.
  def create_key(username : String, password : Bytes) : String
    key = Bytes.new(KEY_CAPACITY)
    status = LibMobivate.create_key(@client, username, username.bytesize, password, password.size, key, key.size, out size)
    unless status == 0
      failure = Failure.new(message, exit_code(status))
      raise failure unless LibMobivate.key_state(@client) == LibMobivate::UNKNOWN
      STDERR.puts failure.message
      # Changes nothing, and says which key the account has.
      status = LibMobivate.get_key(@client, username, username.bytesize, password, password.size, key, key.size, pointerof(size))
      raise Failure.new(message, failure.code) unless status == 0
    end
    String.new(key[0, size])
  end

  private def exit_code(status)
    return 2 if status == LibMobivate::INVALID_ARGUMENT
    return 5 unless LibMobivate.key_state(@client) == LibMobivate::UNCHANGED
    {LibMobivate::CREDENTIALS, LibMobivate::RATE_LIMITED, LibMobivate::REJECTED}.includes?(status) ? 3 : 4
  end

  private def message : String
    size = LibMobivate.error_message(@client, nil, 0)
    String.new(size) do |buffer| # which has room for the NUL
      {LibMobivate.error_message(@client, buffer, size + 1), 0}
    end
  end
end

# Bytes can be wiped, a String cannot.
def read_password(path) : Bytes
  bytes = File.open(path, &.getb_to_end)
  if bytes.last? == '\n'.ord
    bytes = bytes[0...-1]
    bytes = bytes[0...-1] if bytes.last? == '\r'.ord
  end
  bytes
rescue error : File::Error
  raise Failure.new(error.message, 2)
end

begin
  raise Failure.new("usage: create_key USERNAME PASSWORD_FILE", 2) unless ARGV.size == 2
  password = read_password(ARGV[1])
  client = Client.new
  ENV["MOBIVATE_BASE_URL"]?.try { |url| client.set("base_url", url) }
  ENV["MOBIVATE_CA_FILE"]?.try { |file| client.set("ca_file", file) }
  begin
    key = client.create_key(ARGV[0], password)
  ensure
    password.fill(0)
  end
  begin
    STDOUT.puts(key)
    STDOUT.flush
  rescue IO::Error
    raise Failure.new("The key could not be printed: #{key}", 6)
  end
rescue failure : Failure
  STDERR.puts(failure.message)
  exit(failure.code)
end
