! SPDX-License-Identifier: MIT
!
! create_key USERNAME PASSWORD_FILE: creates an API key and prints it; ends with the exit codes of mbv.
! A call blocks its thread. Character variables are padded with blanks, and a password may end with one:
! so sizes are passed, and nothing is trimmed but what came padded.
module mobivate
  use, intrinsic :: iso_c_binding
  implicit none

  integer(c_int32_t), parameter :: key_unchanged = 0, key_unknown = 2

  interface
    type(c_ptr) function mbv_new() bind(c)
      import
    end function
    subroutine mbv_free(client) bind(c)
      import
      type(c_ptr), value :: client ! nothing frees one but this
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
  end interface

  interface ! POSIX
    integer(c_size_t) function write_bytes(descriptor, bytes, size) bind(c, name="write")
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

  character(len=:), allocatable :: username, path, password
  character(len=4097) :: key ! the longest key and a NUL, so that no mbv_take_key is needed
  integer(c_size_t) :: key_size
  integer(c_int32_t) :: status
  integer :: code
  type(c_ptr) :: client

  if (command_argument_count() /= 2) call fail(2, "usage: create_key USERNAME PASSWORD_FILE")
  username = argument(1)
  path = argument(2)
  call read_password(path, password)

  client = mbv_new()
  status = set_option("base_url", "MOBIVATE_BASE_URL")
  if (status == 0) status = set_option("ca_file", "MOBIVATE_CA_FILE")
  if (status == 0) status = mbv_create_key(client, username, len(username, c_size_t), password, &
      len(password, c_size_t), key, len(key, c_size_t), key_size)
  code = exit_code(status, mbv_key_state(client))
  if (code /= 0) call print_error()
  if (mbv_key_state(client) == key_unknown) then ! a new key was made, or none: ask which one is valid
    if (mbv_get_key(client, username, len(username, c_size_t), password, len(password, c_size_t), &
        key, len(key, c_size_t), key_size) == 0) then
      code = 0
    else
      call print_error()
    end if
  end if
  call mbv_free(client)
  password = repeat(" ", len(password)) ! may be optimised away: Fortran has no way to force it
  if (code == 0) then
    ! The iostat of gfortran's WRITE and FLUSH is 0 on a full disk, too.
    if (write_bytes(1, key(:key_size) // new_line(key), key_size + 1) /= key_size + 1) then
      call fail(6, "The new key could not be printed: " // key(:key_size))
    end if
  end if
  stop code, quiet=.true.

contains

  integer function exit_code(status, key_state)
    integer(c_int32_t), intent(in) :: status, key_state
    if (status == 0) then
      exit_code = 0
    else if (status == -1) then ! MBV_ERR_INVALID_ARGUMENT
      exit_code = 2
    else if (key_state /= key_unchanged) then
      exit_code = 5
    else
      exit_code = merge(3, 4, any(status == [-10, -11, -12])) ! CREDENTIALS, RATE_LIMITED, REJECTED
    end if
  end function

  integer(c_int32_t) function set_option(option, variable)
    character(len=*), intent(in) :: option, variable
    character(len=:), allocatable :: value
    integer :: size, absent
    set_option = 0
    call get_environment_variable(variable, length=size, status=absent)
    if (absent /= 0) return
    allocate (character(len=size) :: value)
    call get_environment_variable(variable, value)
    set_option = mbv_set(client, option // c_null_char, value // c_null_char)
  end function

  function argument(number)
    integer, intent(in) :: number
    character(len=:), allocatable :: argument
    integer :: size
    call get_command_argument(number, length=size)
    allocate (character(len=size) :: argument)
    call get_command_argument(number, argument)
  end function

  subroutine read_password(path, password)
    character(len=*), intent(in) :: path
    character(len=:), allocatable, intent(out) :: password
    character(len=512) :: reason
    integer :: unit, size, failure
    open (newunit=unit, file=path, status="old", action="read", access="stream", form="unformatted", &
        iostat=failure, iomsg=reason)
    if (failure == 0) then
      inquire (unit, size=size)
      allocate (character(len=size) :: password)
      read (unit, iostat=failure, iomsg=reason) password
      close (unit)
    end if
    if (failure /= 0) call fail(2, "The password cannot be read: " // trim(reason))
    if (size > 0) then
      if (password(size:) == achar(10)) size = size - 1
      if (size > 0 .and. size < len(password)) then
        if (password(size:size) == achar(13)) size = size - 1
      end if
      password = password(:size)
    end if
  end subroutine

  subroutine print_error() ! says whether the old key still works, too
    character(len=1024) :: message
    integer(c_size_t) :: size
    size = mbv_error_message(client, message, len(message, c_size_t))
    write (error_unit, "(a)") message(:min(size, len(message, c_size_t) - 1))
  end subroutine

  subroutine fail(code, text)
    integer, intent(in) :: code
    character(len=*), intent(in) :: text
    write (error_unit, "(a)") text
    stop code, quiet=.true.
  end subroutine
end program
