! SPDX-License-Identifier: MIT
!
! create_key USERNAME PASSWORD_FILE: creates an API key and prints it; ends with the exit codes of mbv.
! A call blocks its thread. Character variables are padded with blanks, and a password may end with one: so its size
! goes with it, and nothing is trimmed.
module mobivate
  use, intrinsic :: iso_c_binding
  implicit none
  integer(c_int32_t), parameter :: key_unchanged = 0, key_unknown = 2

  interface
    type(c_ptr) function mbv_new() bind(c)
      import
    end function
    subroutine mbv_free(client) bind(c) ! nothing else frees a client
      import
      type(c_ptr), value :: client
    end subroutine
    integer(c_int32_t) function mbv_set(client, option, value) bind(c)
      import
      type(c_ptr), value :: client
      character(kind=c_char), intent(in) :: option(*), value(*)
    end function
    integer(c_int32_t) function mbv_key_state(client) bind(c)
      import
      type(c_ptr), value :: client
    end function
    integer(c_size_t) function mbv_error_message(client, buffer, capacity) bind(c)
      import
      type(c_ptr), value :: client
      character(kind=c_char), intent(out) :: buffer(*)
      integer(c_size_t), value :: capacity
    end function
    integer(c_size_t) function posix_write(descriptor, bytes, size) bind(c, name="write")
      import
      integer(c_int), value :: descriptor
      character(kind=c_char), intent(in) :: bytes(*)
      integer(c_size_t), value :: size
    end function
  end interface
  abstract interface
    integer(c_int32_t) function key_call(client, username, username_size, password, password_size, &
        key, key_capacity, key_size) bind(c)
      import
      type(c_ptr), value :: client
      character(kind=c_char), intent(in) :: username(*), password(*)
      integer(c_size_t), value :: username_size, password_size, key_capacity
      character(kind=c_char), intent(out) :: key(*)
      integer(c_size_t), intent(out) :: key_size
    end function
  end interface
  procedure(key_call), bind(c, name="mbv_create_key") :: mbv_create_key
  procedure(key_call), bind(c, name="mbv_get_key") :: mbv_get_key
end module

program create_key
  use, intrinsic :: iso_fortran_env, only: error_unit
  use mobivate
  implicit none

  ! Longer than the longest that the service takes (and a line end): what does not fit is refused.
  character(len=65536 + 1) :: username
  character(len=65536 + 3) :: password
  character(len=4096) :: path
  character(len=4096 + 1) :: key ! the longest and a NUL, so that no mbv_take_key is needed
  integer :: username_size, password_size, code
  integer(c_size_t) :: key_size
  integer(c_int32_t) :: status
  type(c_ptr) :: client

  if (command_argument_count() /= 2) call fail(2, "usage: create_key USERNAME PASSWORD_FILE")
  call get_command_argument(1, username, username_size)
  username_size = min(username_size, len(username))
  call get_command_argument(2, path)
  password_size = size_of_password_in(path)

  client = mbv_new()
  status = set_option("base_url", "MOBIVATE_BASE_URL")
  if (status == 0) status = set_option("ca_file", "MOBIVATE_CA_FILE")
  if (status == 0) status = call_for_key(mbv_create_key)
  code = exit_code(status, mbv_key_state(client))
  if (code /= 0) call print_error()
  if (mbv_key_state(client) == key_unknown) then ! a new key was made, or none: ask which one is valid
    if (call_for_key(mbv_get_key) == 0) then
      code = 0
    else
      call print_error()
    end if
  end if
  call mbv_free(client)
  password = " " ! may be optimised away, since Fortran has no way to force it
  if (code == 0) then
    ! With gfortran, the iostat of WRITE and FLUSH is 0 on a full disk, too.
    if (posix_write(1, key(:key_size) // new_line(key), key_size + 1) /= key_size + 1) then
      call fail(6, "The new key could not be printed: " // key(:key_size))
    end if
  end if
  stop code, quiet=.true.

contains

  integer function exit_code(status, key_state)
    integer(c_int32_t), intent(in) :: status, key_state
    exit_code = merge(3, 4, any(status == [-10, -11, -12])) ! CREDENTIALS, RATE_LIMITED, REJECTED
    if (key_state /= key_unchanged) exit_code = 5
    if (status == -1) exit_code = 2 ! MBV_ERR_INVALID_ARGUMENT
    if (status == 0) exit_code = 0
  end function

  integer(c_int32_t) function call_for_key(function)
    procedure(key_call) :: function
    call_for_key = function(client, username, int(username_size, c_size_t), password, int(password_size, c_size_t), &
        key, len(key, c_size_t), key_size)
  end function

  integer(c_int32_t) function set_option(option, variable)
    character(len=*), intent(in) :: option, variable
    character(len=4096) :: value
    integer :: size, absent
    set_option = 0
    call get_environment_variable(variable, value, size, absent)
    if (absent /= 1) set_option = mbv_set(client, option // c_null_char, value(:min(size, len(value))) // c_null_char)
  end function

  integer function size_of_password_in(path) result(size)
    character(len=*), intent(in) :: path
    character(len=512) :: reason
    integer :: unit, failure
    open (newunit=unit, file=path, status="old", action="read", access="stream", iostat=failure, iomsg=reason)
    if (failure == 0) then
      inquire (unit, size=size)
      size = min(size, len(password))
      read (unit, iostat=failure, iomsg=reason) password(:size)
      close (unit)
    end if
    if (failure /= 0) call fail(2, "The password cannot be read: " // reason)
    if (size > 1 .and. password(max(size - 1, 1):size) == achar(13) // achar(10)) then
      size = size - 2
    else if (size > 0 .and. password(max(size, 1):size) == achar(10)) then
      size = size - 1
    end if
  end function

  subroutine print_error() ! says whether the old key still works, too
    character(len=1024) :: message
    integer(c_size_t) :: size
    size = mbv_error_message(client, message, len(message, c_size_t))
    write (error_unit, "(a)") message(:min(size, len(message, c_size_t) - 1))
  end subroutine

  subroutine fail(code, text)
    integer, intent(in) :: code
    character(len=*), intent(in) :: text
    write (error_unit, "(a)") trim(text)
    stop code, quiet=.true.
  end subroutine
end program
