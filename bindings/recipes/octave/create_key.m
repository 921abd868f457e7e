% SPDX-License-Identifier: MIT
% Creates an API key: octave-cli create_key.m USERNAME PASSWORD_FILE
1;

function fail (code, varargin)
  fprintf (stderr, "%s\n", [varargin{:}]);
  exit (code);
endfunction

function code = exit_code (status, key_state)
  if (status == -1)                     % INVALID_ARGUMENT
    code = 2;
  elseif (key_state != 0)               % not UNCHANGED
    code = 5;
  elseif (any (status == [-10 -11 -12])) % CREDENTIALS, RATE_LIMITED, REJECTED
    code = 3;
  else
    code = 4;
  endif
endfunction

function configure (option, variable)
  value = getenv (variable);
  if (! isempty (value))
    [status, ~, text] = mobivate ("set", option, value);
    if (status != 0)
      fail (2, text);
    endif
  endif
endfunction

% Bytes, without one line end. Octave copies an array before it changes one: none can be wiped.
function password = read_password (path)
  [file, reason] = fopen (path, "r");
  if (file < 0)
    fail (2, path, " cannot be read: ", reason);
  endif
  password = fread (file, Inf, "*uint8")';
  fclose (file);
  if (! isempty (password) && password(end) == 10)
    password(end) = [];
    if (! isempty (password) && password(end) == 13)
      password(end) = [];
    endif
  endif
endfunction

% Octave waits until a call has ended.
function key = create_key (username, password)
  [status, key_state, key] = mobivate ("create_key", username, password);
  if (status != 0)
    code = exit_code (status, key_state);
    if (key_state != 2)                 % not UNKNOWN
      fail (code, key);
    endif
    fprintf (stderr, "%s\n", key);
    % Changes nothing, and says which key the account has.
    [asked, ~, key] = mobivate ("get_key", username, password);
    if (asked != 0)
      fail (code, key);
    endif
  endif
endfunction

arguments = argv ();
if (numel (arguments) != 2)
  fail (2, "usage: octave-cli create_key.m USERNAME PASSWORD_FILE");
endif
password = read_password (arguments{2});
configure ("base_url", "MOBIVATE_BASE_URL");
configure ("ca_file", "MOBIVATE_CA_FILE");
key = create_key (arguments{1}, password);
% Not by puts: Octave does not say when writing to its standard output fails.
if (mobivate ("print", key, "") != 0)
  fail (6, "The key could not be printed: ", key);
endif
