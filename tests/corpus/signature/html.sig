<html>Sign in</html>
