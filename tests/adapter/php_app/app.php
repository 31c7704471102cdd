<?php
// A small application as old ones are: forms, uploads, sessions, redirects, errors, slow and huge answers.
// `php -S address app.php` runs it for every request.

$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
$page = explode('/', trim($path, '/'))[0] ?: 'home';

function seen(array $fields): void
{
    header('Content-Type: text/plain; charset=utf-8');
    foreach ($fields as $name => $value) {
        echo "$name=$value\n";
    }
}

switch ($page) {
    case 'home':
    case 'users':
        header('X-Custom-Header: Kept As It Is');
        echo "<!doctype html><title>$page</title><p>Hello from PHP.";
        break;
    case 'form':
        seen(['method' => $_SERVER['REQUEST_METHOD']] + $_GET + $_POST);
        break;
    case 'upload':
        $files = array_map(fn ($file) => $file['size'] . ' ' . hash_file('sha256', $file['tmp_name']), $_FILES);
        seen($_POST + $files);
        break;
    case 'body':
        $hash = hash_init('sha256');
        hash_update_stream($hash, $input = fopen('php://input', 'rb'));
        seen(['method' => $_SERVER['REQUEST_METHOD'], 'size' => ftell($input), 'sha256' => hash_final($hash)]);
        break;
    case 'asked':
        seen(['method' => $_SERVER['REQUEST_METHOD'], 'uri' => $_SERVER['REQUEST_URI']] + getallheaders());
        break;
    case 'redirect':
        header('Location: ' . ($_GET['to'] ?? '/users/1?from=redirect#part'), true, (int) ($_GET['status'] ?? 302));
        break;
    case 'login':
        session_start();
        $_SESSION['name'] = $_POST['name'];
        header('Location: /me', true, 303);
        break;
    case 'me':
        session_start();
        seen(['name' => $_SESSION['name'] ?? 'nobody', 'visits' => $_SESSION['visits'] = 1 + ($_SESSION['visits'] ?? 0)]);
        break;
    case 'cookies':
        setcookie('first', 'a b', ['path' => '/']);
        setcookie('second', 'c', ['httponly' => true, 'samesite' => 'Lax']);
        header("Set-Cookie: euckr=\xb0\xa1\xb3\xaa; path=/", false);
        break;
    case 'status':
        http_response_code((int) $_GET['code']);
        header('Content-Type: text/plain');
        echo $_GET['code'];
        break;
    case 'error':
        throw new RuntimeException('as old applications do');
    case 'slow':
        usleep((int) ($_GET['seconds'] * 1e6));
        echo 'at last';
        break;
    case 'parts':
        foreach (['first', 'second', 'third'] as $part) {
            echo "$part\n";
            flush();
            usleep((int) ($_GET['pause'] * 1e6));
        }
        break;
    case 'huge':
        if (isset($_GET['sized'])) {
            header('Content-Length: ' . $_GET['bytes']);
        }
        header('Content-Type: application/octet-stream');
        $block = str_repeat(pack('C*', ...range(0, 255)), 256);
        for ($left = (int) $_GET['bytes']; $left > 0; $left -= strlen($block)) {
            echo substr($block, 0, min($left, strlen($block)));
            flush();
        }
        break;
    case 'gzip':
        header('Content-Encoding: gzip');
        echo gzencode(str_repeat('compressed by PHP ', 1000));
        break;
    case 'padded':
        header('Content-Length: 5');
        echo "whole\n\n";
        break;
    case 'nothing':
        http_response_code(204);
        break;
    default:
        http_response_code(404);
        echo "no page $page";
}
