@echo off
rem Runs the CLI from a source checkout; builds it first when a source changed since the last build. See ./expunge for Linux and macOS.
setlocal
set "ROOT=%~dp0"
set "PROGRAM=%ROOT%src\Expunge.Cli\bin\Release\net10.0\Expunge.Cli.dll"
set "STAMP=%ROOT%src\Expunge.Cli\obj\launcher.stamp"

where dotnet >nul 2>nul
if errorlevel 1 (
  echo expunge: the .NET 10 SDK is needed, and there is no 'dotnet' on PATH. Get it from https://dotnet.microsoft.com/download/dotnet/10.0 1>&2
  exit /b 2
)

rem Directories count, too: removing a file changes the time of the one that held it.
powershell -NoProfile -Command "if (-not (Test-Path $env:PROGRAM) -or -not (Test-Path $env:STAMP)) { exit 1 }; $t = (Get-Item $env:STAMP).LastWriteTimeUtc; Set-Location $env:ROOT; $f = @(Get-ChildItem src, zivohealth -Recurse | Where-Object { $_.FullName -notmatch '\\(bin|obj|node_modules)(\\|$)' }) + @(Get-Item Directory.*.props, global.json); if ($f | Where-Object { $_.LastWriteTimeUtc -gt $t } | Select-Object -First 1) { exit 1 }"
if not errorlevel 1 goto run

echo Building expunge (first run or sources changed)... 1>&2
pushd "%ROOT%"
dotnet build src\Expunge.Cli\Expunge.Cli.csproj -c Release -v quiet -nologo > "%TEMP%\expunge-build.log" 2>&1
if errorlevel 1 (
  popd
  type "%TEMP%\expunge-build.log" 1>&2
  echo expunge: the build failed. It needs the .NET 10 SDK, from https://dotnet.microsoft.com/download/dotnet/10.0 1>&2
  exit /b 2
)
popd
rem Written after the build, which itself makes directories: an edit during the build is noticed by the next edit only.
type nul > "%STAMP%"

:run
dotnet "%PROGRAM%" %*
exit /b %errorlevel%
